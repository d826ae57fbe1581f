import { startRecurringTasks } from '@oriontel/recurring';
import { monitorTaskQueue } from '@oriontel/sip-gateways';
import { runWorker } from '@oriontel/worker';
import { readMonitorConfig } from './config.ts';
import { recurringTasks } from './recurring-tasks.ts';
import { startProbing } from './start-probing.ts';
import { serveResults } from './serve-results.ts';

const options = { name: 'gateway-monitor', env: process.env, readConfig: readMonitorConfig, connections: 7 };

await runWorker(options, async ({ config, options: serveOptions, metrics, shutdown }) => {
  const { db, queues, log } = serveOptions;
  const serving = serveResults({ ...serveOptions, metrics });
  const tasks = recurringTasks(db);
  shutdown.add('recurring tasks', startRecurringTasks({ db, queues, log, tasks, queue: monitorTaskQueue }));
  if (config.PROBING === 'off') return { serving };

  const probing = startProbing({ db, queues, log, metrics, config });
  shutdown.add('prober', probing.stop);
  await probing.ready;
  async function share(): Promise<void> {
    if (!probing.isLeaseValid()) throw new Error('the lease of the gateway shards is not renewed');
  }
  return { serving, checks: { share } };
});
