import { runWorker } from '@oriontel/intake';
import { readWorkerConfig } from './config.ts';
import { openEmail } from './open-email.ts';
import { openNotify } from './open-notify.ts';
import { serveDeliveries } from './serve-deliveries.ts';
import { serveEvents } from './serve-events.ts';

/** Milliseconds at the end for messages that are being sent. */
const FINISH_SENDING = 2_000;

const kind = { name: 'eventlog-worker', env: process.env, readConfig: readWorkerConfig, connections: 8 };

await runWorker(kind, async ({ config, options, metrics, closing }) => {
  const { db, log } = options;
  const email = openEmail(config, log);
  closing.add('mail server', async () => email?.close());
  const allowPrivate = config.WEBHOOKS_ALLOW_PRIVATE === 'on';
  const delivering = serveDeliveries({ db, log, metrics, allowPrivate, email: email?.send });
  closing.add('deliveries', () => delivering.stop(FINISH_SENDING));
  const notify = openNotify(log, { email: email !== undefined });
  // The months' partitions are made by apps/cdr-worker, for all tables.
  return { serving: serveEvents({ ...options, metrics, notify, onStored: delivering.nudge }) };
});
