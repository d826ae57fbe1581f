export { createNotify } from './create-notify.ts';
export type { NotifierOptions } from './notifier/create-notifier.ts';
export {
  startDeliveryService,
  type DeliveryService,
  type DeliveryServiceOptions,
} from './start-delivery-service.ts';
