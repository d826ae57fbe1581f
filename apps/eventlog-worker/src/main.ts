import { entityEventsIntake } from '@oriontel/activity';
import { startDeliveryService } from '@oriontel/notifications/worker';
import { runWorker } from '@oriontel/worker';
import { mailServerOf, readWorkerConfig } from './config.ts';
import { createEventNotify } from './create-notify.ts';
import { serveEvents } from './serve-events.ts';

/** Time at shutdown for deliveries in flight. */
const FINISH_SENDING_TIMEOUT_MS = 2_000;

const kind = { name: 'eventlog-worker', env: process.env, readConfig: readWorkerConfig, connections: 8 };

await runWorker(kind, async ({ config, options, metrics, shutdown }) => {
  const { db, log } = options;
  const delivery = startDeliveryService({
    db,
    log,
    metrics,
    eventsQueue: entityEventsIntake.queue.name,
    allowPrivate: config.WEBHOOKS_ALLOW_PRIVATE === 'on',
    mailServer: mailServerOf(config),
  });
  shutdown.add('deliveries', () => delivery.stop(FINISH_SENDING_TIMEOUT_MS));
  const notify = createEventNotify(log, delivery.channels);
  // apps/cdr-worker creates the monthly partitions of all tables.
  return { serving: serveEvents({ ...options, metrics, notify, onStored: delivery.wake }) };
});
