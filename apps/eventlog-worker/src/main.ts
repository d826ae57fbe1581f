import { runWorker } from '@oriontel/worker';
import { readWorkerConfig } from './config.ts';
import { createEmailSenderFromConfig } from './create-email-sender-from-config.ts';
import { createNotify } from './create-notify.ts';
import { startDeliveryService } from './start-delivery-service.ts';
import { serveEvents } from './serve-events.ts';

/** Milliseconds at the end for messages that are being sent. */
const FINISH_SENDING_TIMEOUT_MS = 2_000;

const kind = { name: 'eventlog-worker', env: process.env, readConfig: readWorkerConfig, connections: 8 };

await runWorker(kind, async ({ config, options, metrics, shutdown }) => {
  const { db, log } = options;
  const email = createEmailSenderFromConfig(config, log);
  shutdown.add('mail server', async () => email?.close());
  const allowPrivate = config.WEBHOOKS_ALLOW_PRIVATE === 'on';
  const delivering = startDeliveryService({ db, log, metrics, allowPrivate, email: email?.send });
  shutdown.add('deliveries', () => delivering.stop(FINISH_SENDING_TIMEOUT_MS));
  const notify = createNotify(log, { email: email !== undefined });
  // The months' partitions are made by apps/cdr-worker, for all tables.
  return { serving: serveEvents({ ...options, metrics, notify, onStored: delivering.wake }) };
});
