import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { endProcess } from '../process/end-process.ts';
import { commandLineOf } from '../process/process-identity.ts';
import { shutdownSteps } from './shutdown-steps.ts';

/**
 * Stops the server that a killed supervisor left on this cluster. A pid file alone proves nothing, the number may have been
 * given away since: the process must be a postgres, on this very folder.
 */
export async function stopStale(data: string, log: Log): Promise<void> {
  const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => ''))
    .split('\n')
    .map(Number);
  if (!pid) return;
  const isOurs = async () => isServerOf(await commandLineOf(pid), [data, await realpath(data)]);
  if (!(await isOurs())) return;
  log.warn({ pid }, 'a PostgreSQL left behind by a killed start is stopped first');
  if (await endProcess(pid, isOurs, shutdownSteps(8_000))) return;
  throw new Error(
    `A PostgreSQL left behind (process ${pid}) could not be stopped. Stop it, then start again.`,
  );
}

function isServerOf(command: string | null, folders: string[]): boolean {
  return (
    command !== null &&
    /\bpostgres(\.exe)? /.test(command) &&
    folders.some((folder) => command.includes(` -D ${folder} `))
  );
}
