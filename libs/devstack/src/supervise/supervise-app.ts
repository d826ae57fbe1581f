import type { Log } from '../log.ts';
import { sendSignal } from '../process/end-process.ts';
import { superviseProcess, type Backoff, type ProcessSupervisor } from '../process/supervise-process.ts';
import { spawnDetached, type Spawned } from '../process/spawn-detached.ts';
import { forwardLines, type Print } from './pretty-lines.ts';

export type AppProcess = {
  name: string;
  /** A script for Node. */
  file: string;
  env: NodeJS.ProcessEnv;
  /** It is ready when all of these answer 200. */
  readyUrls: string[];
};

export type SupervisedApp = {
  app: AppProcess;
  supervisor: ProcessSupervisor<Spawned>;
  /** Aborts, with the reason, at the third end before it was ready: it will not be. */
  startupFailed: AbortSignal;
  /** It was ready once: from here on its ends are repaired as often as they happen. */
  markReady: () => void;
};

export type SuperviseOptions = { log: Log; print: Print; backoff?: Backoff };

export async function superviseApp(app: AppProcess, options: SuperviseOptions): Promise<SupervisedApp> {
  const hopeless = new AbortController();
  let ends = 0;
  let proven = false;
  async function launch() {
    const child = await spawnApp(app, options.print);
    void child.exited.then((reason) => {
      // What the app itself had started must not live on beside its successor.
      sendSignal(-child.pid, 'SIGKILL');
      if (!proven && ++ends === 3)
        hopeless.abort(new Error(`${app.name} does not start (${reason}); see its lines above`));
    });
    return child;
  }
  const kept = await superviseProcess({ name: app.name, launch, log: options.log, backoff: options.backoff });
  return { app, supervisor: kept, startupFailed: hopeless.signal, markReady: () => void (proven = true) };
}

async function spawnApp(app: AppProcess, print: Print): Promise<Spawned> {
  const spawned = await spawnDetached(process.execPath, ['--enable-source-maps', app.file], {
    // The channel carries nothing. That it breaks is the message: the supervisor is gone, even if it was killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: app.env,
  });
  const forward = (line: string) => print(app.name, line);
  forwardLines(spawned.child.stdout!, forward);
  forwardLines(spawned.child.stderr!, forward);
  return spawned;
}
