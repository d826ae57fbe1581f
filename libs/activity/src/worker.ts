import type { Database } from '@oriontel/database';
import { openDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import { entityEventsIntake } from './events/entity-events-intake.ts';
import { storeEntityEvents, type Notify } from './events/store-entity-events.ts';
import { logsIntake } from './logs/logs-intake.ts';
import { storeLogs } from './logs/store-logs.ts';

export { openDeliveries, type Deliveries, type DeliveriesOptions } from './deliveries/open-deliveries.ts';
export type { Outgoing } from './deliveries/delivery.ts';
export type { Outcome, SendEmail, Senders } from './deliveries/sender.ts';
export { openWebhookSender, type WebhookSender } from './webhooks/open-webhook-sender.ts';
export { planWebhooks, smsWebhooksOf } from './webhooks/plan-webhooks.ts';

export { openEmailSender, type EmailSender } from './notifier/open-email-sender.ts';
export { openNotifier, type NotifierOptions } from './notifier/open-notifier.ts';

/** Stores the parts of log imports that the pointers it is handed lead to. */
export const openLogDrain = ({ db, ...told }: { db: Database } & DrainOptions): Drain =>
  openDrain(db, logsIntake, storeLogs, told);

/** Stores the events of entities that the pointers it is handed lead to, and has told of them by `notify`. */
export const openEntityEventDrain = ({
  db,
  notify,
  ...told
}: { db: Database; notify: Notify } & DrainOptions): Drain =>
  openDrain(db, entityEventsIntake, storeEntityEvents(notify), told);
