import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';

export type Spawned = { child: ChildProcess; pid: number; exited: Promise<string>; isAlive: () => boolean };
export type SpawnOptions = {
  stdio: StdioOptions;
  env: NodeJS.ProcessEnv;
  account?: { uid: number; gid: number } | null;
  cwd?: string;
};

/**
 * Starts a process in its own session: Ctrl-C in a terminal signals the whole foreground group, but the
 * database must be stopped last. `exited` resolves with the exit reason and never rejects.
 */
export async function spawnDetached(file: string, args: string[], options: SpawnOptions): Promise<Spawned> {
  const { account, ...rest } = options;
  const child = spawn(file, args, {
    ...rest,
    detached: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  await once(child, 'spawn');
  // An error after the start, such as a signal that could not be sent, must not end the supervisor.
  child.on('error', () => {});
  return {
    child,
    pid: child.pid!,
    exited,
    isAlive: () => child.exitCode === null && child.signalCode === null,
  };
}
