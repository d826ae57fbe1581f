import { runWorker } from '@oriontel/intake';
import { readMonitorConfig } from './config.ts';
import { probeGateways } from './probe-gateways.ts';
import { serveResults } from './serve-results.ts';

const kind = { name: 'gateway-monitor', env: process.env, readConfig: readMonitorConfig, connections: 6 };

await runWorker(kind, async ({ config, options, metrics, closing }) => {
  const serving = serveResults({ ...options, metrics });
  if (config.PROBING === 'off') return { serving };
  const { db, queues, log } = options;
  const probing = probeGateways({ db, queues, log, metrics, config });
  closing.add('prober', probing.stop);
  await probing.begun;
  const share = async (): Promise<void> => {
    if (!probing.isHolding()) throw new Error('the database does not say which gateways are ours');
  };
  return { serving, checks: { share } };
});
