import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isPortFree, PORT_IN_USE } from '../process/choose-port.ts';
import { endProcess } from '../process/end-process.ts';
import { lastLines, rotateLargeLog } from '../process/log-file.ts';
import { spawnDetached, type Spawned } from '../process/spawn-detached.ts';
import { awaitPing } from './await-ping.ts';
import { shutdownSteps } from './stop-stale.ts';
import { writeConfig } from './write-config.ts';

export type LaunchOptions = { program: string; folder: string; password: string };

const STARTUP_TIMEOUT_MS = 120_000;

/**
 * Launches a server that accepts connections on this port; null if another program took the port meanwhile.
 */
export async function launch(
  options: LaunchOptions,
  port: number,
  signal: AbortSignal,
): Promise<Spawned | null> {
  const log = join(options.folder, 'redis.log');
  const server = await spawnServer(options, port, log);
  const giveUp = new AbortController();
  void server.exited.then(() => giveUp.abort(new Error('ended')));
  const either = AbortSignal.any([signal, giveUp.signal, AbortSignal.timeout(STARTUP_TIMEOUT_MS)]);
  try {
    await awaitPing(redisUrl(options.password, port), either);
    return server;
  } catch (cause) {
    const hasEnded = !server.isAlive();
    await endProcess(server.pid, server.isAlive, shutdownSteps(2_000));
    const lines = await lastLines(log, 4);
    // Another server that took the port may reject the password before this one has ended.
    if (PORT_IN_USE.test(lines) || (hasEnded && !(await isPortFree(port)))) return null;
    throw new Error(`Redis did not start: ${lines || String(cause)}`, { cause });
  }
}

export function redisUrl(password: string, port: number): string {
  return `redis://:${password}@127.0.0.1:${port}`;
}

async function spawnServer(options: LaunchOptions, port: number, log: string): Promise<Spawned> {
  const config = await writeConfig(options.folder, port, options.password);
  await rotateLargeLog(log);
  const out = await open(log, 'a', 0o600);
  try {
    return await spawnDetached(options.program, [config], {
      stdio: ['ignore', out.fd, out.fd],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: options.folder,
    });
  } finally {
    await out.close();
  }
}
