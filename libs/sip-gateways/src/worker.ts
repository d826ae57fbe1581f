import type { Database } from '@oriontel/database';
import { createDrain, type DrainOptions, type ServedIntake } from '@oriontel/intake';
import type { WriteEvents } from './results/gateway-event.ts';
import { resultsIntake } from './results/gateway-result.ts';
import { storeResults } from './results/store-results.ts';

export { startMonitor, type Monitor, type MonitorOptions } from './monitor/start-monitor.ts';
export { createProber, type ProberOptions } from './sip/create-prober.ts';
export { pruneResults, type ResultRetention } from './results/prune-results.ts';
export { checkProbing } from './monitor/check-probing.ts';

export interface ResultWorkerOptions extends DrainOptions {
  db: Database;
  writeEvents: WriteEvents;
}

/**
 * The queue of gateway results with its handler, which stores them and writes events for changes of status.
 */
export function createResultWorker({ db, writeEvents, ...options }: ResultWorkerOptions): ServedIntake {
  const drain = createDrain(db, resultsIntake, storeResults(writeEvents), options);
  return { queue: resultsIntake.queue, drain };
}
