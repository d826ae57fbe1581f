import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { ImportState, LogImport } from './log-import.ts';
import { logImports } from './log-import.repository.ts';
import { logsIntake } from './logs-intake.ts';

export interface FoundImport {
  log: LogImport;
  state: ImportState;
}

/** Finds an import and its state; null if no import has this id. `orgId` null: of any organization. */
export async function findImportStatus(
  db: Queryable,
  orgId: number | null,
  id: string,
): Promise<FoundImport | null> {
  const log = await logImports(db).find(orgId, id);
  if (!log || isStored(log)) return log && { log, state: 'stored' };
  const isPending = await intakeRows(db).hasPendingKey(logsIntake.queue.name, log.orgId, [id]);
  // Read again: a worker may have stored the last part between the two queries.
  const latest = (await logImports(db).find(orgId, id)) ?? log;
  return { log: latest, state: isStored(latest) ? 'stored' : isPending ? 'queued' : 'failed' };
}

/** Waits up to `timeoutMs` until an existing import is stored or failed, and returns its state. */
export async function awaitImport(
  db: Queryable,
  orgId: number,
  id: string,
  timeoutMs: number,
): Promise<FoundImport> {
  let found: FoundImport | null = null;
  await awaitDrained(async () => {
    found = await findImportStatus(db, orgId, id);
    return found?.state !== 'queued';
  }, timeoutMs);
  return found!;
}

function isStored({ parts, partsStored }: LogImport): boolean {
  return partsStored === parts;
}
