import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { ImportState, LogImport } from './log-import.ts';
import { logImports } from './log-import.repository.ts';
import { logsIntake } from './logs-intake.ts';

export interface FoundImport {
  log: LogImport;
  state: ImportState;
}

const isStored = ({ parts, partsStored }: LogImport): boolean => partsStored === parts;

/** What has become of an import; null where there is none of this id. `orgId` null: of any organization. */
export function importStatus(db: Queryable) {
  return async function findImportStatus(orgId: number | null, id: string): Promise<FoundImport | null> {
    const found = () => logImports(db).find(orgId, id);
    const log = await found();
    if (!log || isStored(log)) return log && { log, state: 'stored' };
    const isOnTheRoad = await intakeRows(db).hasPendingKey(logsIntake.queue.name, log.orgId, [id]);
    // Asked again last: it may have been stored between the two.
    const now = (await found()) ?? log;
    return { log: now, state: isStored(now) ? 'stored' : isOnTheRoad ? 'queued' : 'failed' };
  };
}

/** Waits up to `ms` milliseconds for an import to be stored, or to fail. */
export function awaitImport(db: Queryable) {
  return async function awaitImportStatus(orgId: number, id: string, ms: number): Promise<FoundImport> {
    let found: FoundImport | null = null;
    await awaitDrained(async () => {
      found = await importStatus(db)(orgId, id);
      return found?.state !== 'queued';
    }, ms);
    return found!;
  };
}
