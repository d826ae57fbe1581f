import { readFile } from 'node:fs/promises';
import type { Log } from '../log.ts';
import { endProcess, type ShutdownStep } from '../process/end-process.ts';
import { commandLineOf } from '../process/process-identity.ts';
import { configFileOf, pidFileOf } from './write-config.ts';

/** SIGTERM writes the append-only file to disk and ends; SIGKILL for a server that hangs. */
export function shutdownSteps(timeoutMs: number): ShutdownStep[] {
  return [
    { signal: 'SIGTERM', timeoutMs },
    { signal: 'SIGKILL', timeoutMs: 500, group: true },
  ];
}

/**
 * Stops the server that a killed supervisor left running on this folder: Redis does not prevent two servers
 * from writing the same file. Its command line contains its address (`redis-server 127.0.0.1:6390`) or its
 * config file.
 * @throws Error if it does not stop.
 */
export async function stopStale(folder: string, log: Log): Promise<void> {
  const pid = Number(await readFile(pidFileOf(folder), 'utf8').catch(() => ''));
  if (!pid) return;
  const config = await readFile(configFileOf(folder), 'utf8').catch(() => '');
  const patterns = [`127.0.0.1:${/^port (\d+)$/m.exec(config)?.[1]} `, configFileOf(folder)];
  async function isOurs() {
    const command = `${await commandLineOf(pid)} `;
    return /\b(redis|valkey)-server\b/.test(command) && patterns.some((pattern) => command.includes(pattern));
  }
  if (!(await isOurs())) return;
  log.warn({ pid }, 'stopping a Redis that a killed start left running');
  if (await endProcess(pid, isOurs, shutdownSteps(5_000))) return;
  throw new Error(`Redis of an earlier start (process ${pid}) does not stop. Stop it, then start again.`);
}
