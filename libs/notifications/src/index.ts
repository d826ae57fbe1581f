export { deliveries } from './deliveries/delivery.repository.ts';
export type { NotifiableEvent, Notify } from './notifiable-event.ts';
export { Mailbox } from './notifier/mailbox.ts';
