import { endProcess } from '../process/end-process.ts';
import type { Spawned } from '../process/spawn-detached.ts';

/** Sends SIGTERM, and after `timeoutMs` SIGKILL to the process group of the app. */
export function endApp(app: Spawned, timeoutMs: number): Promise<boolean> {
  return endProcess(app.pid, app.isAlive, [
    { signal: 'SIGTERM', timeoutMs },
    { signal: 'SIGKILL', timeoutMs: 500, group: true },
  ]);
}
