import { endProcess } from '../process/end-process.ts';
import type { Spawned } from '../process/spawn-detached.ts';

/** SIGTERM, then after `within` ms SIGKILL, which also takes what the app itself may have started. */
export const endApp = (app: Spawned, within: number): Promise<boolean> =>
  endProcess(app.pid, app.isAlive, [
    { signal: 'SIGTERM', within },
    { signal: 'SIGKILL', within: 500, group: true },
  ]);
