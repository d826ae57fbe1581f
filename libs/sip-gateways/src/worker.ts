import type { Database } from '@oriontel/database';
import { openDrain, type Drain, type DrainOptions } from '@oriontel/intake';
import type { WriteEvents } from './results/gateway-event.ts';
import { resultsIntake } from './results/gateway-result.ts';
import { storeResults } from './results/store-results.ts';

/** Stores the results of gateways that the pointers it is handed lead to, and writes an event for each change of status. */
export const openResultDrain = ({
  db,
  writeEvents,
  ...told
}: { db: Database; writeEvents: WriteEvents } & DrainOptions): Drain =>
  openDrain(db, resultsIntake, storeResults(writeEvents), told);

export { openMonitor, type Monitor, type MonitorOptions } from './monitor/open-monitor.ts';
export { openProber, type ProberOptions } from './sip/open-prober.ts';
export { retainResults, type ResultRetention } from './results/retain-results.ts';
export { watchProbing } from './monitor/watch-probing.ts';
