import { readFile } from 'node:fs/promises';
import type { Log } from '../log.ts';
import { endProcess, type ShutdownStep } from '../process/end-process.ts';
import { commandLineOf } from '../process/process-identity.ts';
import { configFileOf, pidFileOf } from './write-config.ts';

/** SIGTERM writes the append-only file to the disk and ends; the rest is for a server that hangs. */
export function shutdownSteps(within: number): ShutdownStep[] {
  return [
    { signal: 'SIGTERM', timeoutMs: within },
    { signal: 'SIGKILL', timeoutMs: 500, group: true },
  ];
}

/**
 * Stops the server that a killed supervisor left on this folder: Redis itself would let two of them write the same file.
 * It shows its address as its name (`redis-server 127.0.0.1:6390`), or, where it cannot rename itself, its file.
 */
export async function stopStale(folder: string, log: Log): Promise<void> {
  const pid = Number(await readFile(pidFileOf(folder), 'utf8').catch(() => ''));
  if (!pid) return;
  const config = await readFile(configFileOf(folder), 'utf8').catch(() => '');
  const marks = [`127.0.0.1:${/^port (\d+)$/m.exec(config)?.[1]} `, configFileOf(folder)];
  async function isOurs() {
    const command = `${await commandLineOf(pid)} `;
    return /\b(redis|valkey)-server\b/.test(command) && marks.some((mark) => command.includes(mark));
  }
  if (!(await isOurs())) return;
  log.warn({ pid }, 'a Redis left behind by a killed start is stopped first');
  if (await endProcess(pid, isOurs, shutdownSteps(5_000))) return;
  throw new Error(`A Redis left behind (process ${pid}) could not be stopped. Stop it, then start again.`);
}
