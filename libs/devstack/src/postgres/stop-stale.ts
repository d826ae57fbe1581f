import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { endProcess } from '../process/end-process.ts';
import { commandLineOf } from '../process/process-identity.ts';
import { shutdownSteps } from './shutdown-steps.ts';

/**
 * Stops the server that a killed supervisor left running on this cluster. The pid may have been reused: the
 * process must be a postgres with this data folder.
 * @throws Error if it does not stop.
 */
export async function stopStale(data: string, log: Log): Promise<void> {
  const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => ''))
    .split('\n')
    .map(Number);
  if (!pid) return;
  const isOurs = async () => isServerOf(await commandLineOf(pid), [data, await realpath(data)]);
  if (!(await isOurs())) return;
  log.warn({ pid }, 'stopping a PostgreSQL that a killed start left running');
  if (await endProcess(pid, isOurs, shutdownSteps(8_000))) return;
  throw new Error(
    `PostgreSQL of an earlier start (process ${pid}) does not stop. Stop it, then start again.`,
  );
}

function isServerOf(command: string | null, folders: string[]): boolean {
  return (
    command !== null &&
    /\bpostgres(\.exe)? /.test(command) &&
    folders.some((folder) => command.includes(` -D ${folder} `))
  );
}
