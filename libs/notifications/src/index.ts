export { deliveries } from './deliveries/delivery.repository.ts';
export { Mailbox } from './notifier/mailbox.ts';
