import type { Queryable } from '@oriontel/database';
import { contentId } from './log-id.ts';
import { entityLogs } from './log.repository.ts';
import type { ImportedEntry } from './logs-intake.ts';

/** Inserts log lines that are not stored yet. `entity`: type/id */
export async function seedLogs(
  db: Queryable,
  orgId: number,
  entity: string,
  lines: Omit<ImportedEntry, 'id'>[],
): Promise<void> {
  const dated = lines.map((line) => ({ ...line, at: new Date(line.at).toISOString() }));
  await entityLogs(db).insert(
    dated.map((line) => ({ ...line, orgId, entity, id: contentId(orgId, entity, line) })),
  );
}
