import type { Log } from '../log.ts';
import { sendSignal } from '../process/end-process.ts';
import { superviseProcess, type Backoff, type ProcessSupervisor } from '../process/supervise-process.ts';
import { spawnDetached, type Spawned } from '../process/spawn-detached.ts';
import { forwardLines, type Print } from './pretty-lines.ts';

export type AppProcess = {
  name: string;
  /** A script for Node. */
  file: string;
  /** Further options of Node, for example `--inspect`. */
  nodeArgs?: string[];
  env: NodeJS.ProcessEnv;
  /** The app is ready when all of these URLs respond with 200. */
  readyUrls: string[];
};

export type SupervisedApp = {
  app: AppProcess;
  supervisor: ProcessSupervisor<Spawned>;
  /** Aborts, with the reason, when the app has ended three times without having been ready. */
  startupFailed: AbortSignal;
  /** The app has been ready: from now on it is restarted without a limit. */
  markReady: () => void;
};

export type SuperviseOptions = { log: Log; print: Print; backoff?: Backoff };

const MAX_STARTUP_FAILURES = 3;

export async function superviseApp(app: AppProcess, options: SuperviseOptions): Promise<SupervisedApp> {
  const startupFailed = new AbortController();
  let failures = 0;
  let wasReady = false;
  async function launch() {
    const child = await spawnApp(app, options.print);
    void child.exited.then((reason) => {
      // Processes started by the app must not survive it.
      sendSignal(-child.pid, 'SIGKILL');
      if (!wasReady && ++failures === MAX_STARTUP_FAILURES)
        startupFailed.abort(new Error(`${app.name} does not start (${reason}); see its lines above`));
    });
    return child;
  }
  const { log, backoff } = options;
  const supervisor = await superviseProcess({ name: app.name, launch, log, backoff });
  return { app, supervisor, startupFailed: startupFailed.signal, markReady: () => void (wasReady = true) };
}

async function spawnApp(app: AppProcess, print: Print): Promise<Spawned> {
  const nodeArgs = ['--enable-source-maps', ...(app.nodeArgs ?? [])];
  const spawned = await spawnDetached(process.execPath, [...nodeArgs, app.file], {
    // No messages are sent over the IPC channel: its disconnection tells the app that the supervisor has
    // ended.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: app.env,
  });
  const forward = (line: string) => print(app.name, line);
  forwardLines(spawned.child.stdout!, forward);
  forwardLines(spawned.child.stderr!, forward);
  return spawned;
}
