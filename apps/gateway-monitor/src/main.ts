import { runWorker } from '@oriontel/worker';
import { readMonitorConfig } from './config.ts';
import { startProbing } from './start-probing.ts';
import { serveResults } from './serve-results.ts';

const kind = { name: 'gateway-monitor', env: process.env, readConfig: readMonitorConfig, connections: 6 };

await runWorker(kind, async ({ config, options, metrics, shutdown }) => {
  const serving = serveResults({ ...options, metrics });
  if (config.PROBING === 'off') return { serving };
  const { db, queues, log } = options;
  const probing = startProbing({ db, queues, log, metrics, config });
  shutdown.add('prober', probing.stop);
  await probing.ready;
  async function share(): Promise<void> {
    if (!probing.isLeaseValid()) throw new Error('the database does not say which gateways are ours');
  }
  return { serving, checks: { share } };
});
