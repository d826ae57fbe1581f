import type { Log } from '../log.ts';
import { sendSignal } from '../process/end-process.ts';
import { keepRunning, type Backoff, type Kept } from '../process/keep-running.ts';
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

export type KeptApp = {
  app: AppProcess;
  kept: Kept<Spawned>;
  /** Aborts, with the reason, at the third end before it was ready: it will not be. */
  hopeless: AbortSignal;
  /** It was ready once: from here on its ends are repaired as often as they happen. */
  proven: () => void;
};

export type KeepOptions = { log: Log; print: Print; backoff?: Backoff };

export const keepApp = async (app: AppProcess, options: KeepOptions): Promise<KeptApp> => {
  const hopeless = new AbortController();
  let ends = 0;
  let proven = false;
  const launch = async () => {
    const child = await spawnApp(app, options.print);
    void child.exited.then((reason) => {
      // What the app itself had started must not live on beside its successor.
      sendSignal(-child.pid, 'SIGKILL');
      if (!proven && ++ends === 3)
        hopeless.abort(new Error(`${app.name} does not start (${reason}); see its lines above`));
    });
    return child;
  };
  const kept = await keepRunning({ name: app.name, launch, log: options.log, backoff: options.backoff });
  return { app, kept, hopeless: hopeless.signal, proven: () => void (proven = true) };
};

const spawnApp = async (app: AppProcess, print: Print): Promise<Spawned> => {
  const spawned = await spawnDetached(process.execPath, ['--enable-source-maps', app.file], {
    // The channel carries nothing. That it breaks is the message: the supervisor is gone, even if it was killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: app.env,
  });
  const forward = (line: string) => print(app.name, line);
  forwardLines(spawned.child.stdout!, forward);
  forwardLines(spawned.child.stderr!, forward);
  return spawned;
};
