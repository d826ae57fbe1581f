import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree, PORT_IN_USE } from '../process/choose-port.ts';
import { endProcess } from '../process/end-process.ts';
import { lastLines, rotateLargeLog } from '../process/log-file.ts';
import { spawnDetached, type Spawned } from '../process/spawn-detached.ts';
import type { Home } from './choose-home.ts';
import { ensureDatabase } from './ensure-database.ts';
import { shutdownSteps } from './shutdown-steps.ts';
import type { Cluster } from './ensure-cluster.ts';
import { serverEnv } from './run-as.ts';
import { settingsAsArguments, type Settings } from './settings.ts';

export type LaunchOptions = { home: Home; native: string; cluster: Cluster; settings: Settings };

/** Includes recovery after a crash. */
const STARTUP_TIMEOUT_MS = 180_000;
const MAX_ATTEMPTS = 10;
const RETRY_DELAY_MS = 300;

/**
 * Launches a server that accepts connections on this port; null if another program took the port meanwhile.
 */
export async function launch(
  options: LaunchOptions,
  port: number,
  signal: AbortSignal,
): Promise<Spawned | null> {
  const log = join(options.home.folder, 'postgres.log');
  const server = await spawnServer(options, port, log);
  const giveUp = new AbortController();
  const ended = server.exited.then(() => giveUp.abort(new Error('ended')));
  const either = AbortSignal.any([signal, giveUp.signal, AbortSignal.timeout(STARTUP_TIMEOUT_MS)]);
  try {
    await ensureDatabase(options.cluster.password, port, either);
    return server;
  } catch (cause) {
    const hasEnded = !server.isAlive();
    await endProcess(server.pid, server.isAlive, shutdownSteps(2_000));
    await ended;
    const lines = await lastLines(log, 4);
    // Another server that took the port may reject the password before this one has ended.
    if (PORT_IN_USE.test(lines) || (hasEnded && !(await isPortFree(port)))) return null;
    throw new Error(`PostgreSQL did not start: ${lines || String(cause)}`, { cause });
  }
}

/** Retries while children of a killed server still hold its shared memory. */
export async function launchWithRetry(options: LaunchOptions, port: number, signal: AbortSignal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(options, port, signal);
    } catch (error) {
      const isMemoryHeld = error instanceof Error && /shared memory block/.test(error.message);
      if (!isMemoryHeld || attempt === MAX_ATTEMPTS) throw error;
      await sleep(RETRY_DELAY_MS, undefined, { signal });
    }
  }
}

async function spawnServer(options: LaunchOptions, port: number, log: string): Promise<Spawned> {
  await rotateLargeLog(log);
  const out = await open(log, 'a', 0o600);
  try {
    const args = ['-D', options.cluster.data, '-p', String(port), ...settingsAsArguments(options.settings)];
    return await spawnDetached(join(options.native, 'bin', 'postgres'), args, {
      stdio: ['ignore', out.fd, out.fd],
      env: serverEnv,
      account: options.home.account,
      cwd: '/',
    });
  } finally {
    await out.close();
  }
}
