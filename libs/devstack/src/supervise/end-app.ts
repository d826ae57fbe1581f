import { endProcess } from '../process/end-process.ts';
import type { Spawned } from '../process/spawn-detached.ts';

/** SIGTERM, then after `within` ms SIGKILL, which also takes what the app itself may have started. */
export function endApp(app: Spawned, within: number): Promise<boolean> {
  return endProcess(app.pid, app.isAlive, [
    { signal: 'SIGTERM', timeoutMs: within },
    { signal: 'SIGKILL', timeoutMs: 500, group: true },
  ]);
}
