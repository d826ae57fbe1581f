import type { Database } from '@oriontel/database';
import { createDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import type { WriteEvents } from './results/gateway-event.ts';
import { resultsIntake } from './results/gateway-result.ts';
import { storeResults } from './results/store-results.ts';

/** Stores the results of gateways that the pointers it is handed lead to, and writes an event for each change of status. */
export function createResultDrain({
  db,
  writeEvents,
  ...told
}: { db: Database; writeEvents: WriteEvents } & DrainOptions): Drain {
  return createDrain(db, resultsIntake, storeResults(writeEvents), told);
}

export { startMonitor, type Monitor, type MonitorOptions } from './monitor/start-monitor.ts';
export { createProber, type ProberOptions } from './sip/create-prober.ts';
export { pruneResults, type ResultRetention } from './results/prune-results.ts';
export { checkProbing } from './monitor/check-probing.ts';
