import {
  dropPartition,
  isUnavailable,
  pastPartitions,
  type Database,
  type Partition,
} from '@oriontel/database';
import { backlog, type BacklogFilter } from '@oriontel/intake';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { MAX_CHUNK_BYTES, MAX_CHUNK_LEGS, type RunChunk, type Progress, type Save } from './chunk.ts';
import type { TimeRange } from './date-range.ts';
import { addCounts, FINISHED, type StoredTask } from './cdr-task.ts';
import { bulkLegs } from './bulk-leg.repository.ts';
import { keyOf, positionAfter } from './position.ts';

/** Milliseconds one transaction may take that counts a whole month and drops it. */
const DROP_TIMEOUT_MS = 10 * 60_000;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** Deletes: whole months where nothing else is in them, then calls one bite after the other, then what is in quarantine. */
export function cleanupChunk(db: Database): RunChunk {
  return async function cleanUpNextChunk(task, save) {
    const { phase } = task.position;
    if (phase === 'months') return dropNextMonth(db, task, save);
    return phase === 'legs' ? deleteLegs(db, task, save) : writeOffQuarantined(db, task, save);
  };
}

/** What a cleanup takes from the quarantine. */
export function cleanupBacklogFilter(
  { orgId, range }: Pick<StoredTask, 'orgId' | 'range'>,
  upTo: Date,
): BacklogFilter {
  return {
    queue: cdrIntake.queue.name,
    orgId,
    accepted: range,
    itemsField: 'records',
    upTo,
  };
}

function isInside({ from, before }: Partition, range: TimeRange, after: Date | null): boolean {
  return (
    (!range.from || from >= range.from) &&
    (!range.before || before <= range.before) &&
    (!after || from >= after)
  );
}

async function dropNextMonth(db: Database, task: StoredTask, save: Save): Promise<Progress> {
  const { orgId, range, counts, position } = task;
  const after = keyOf(position)?.time ?? null;
  const month = (await pastPartitions(db, 'cdrs')).find((one) => isInside(one, range, after));
  if (!month) return saveProgress(db, save, { position: { phase: 'legs' }, counts });
  const beyond = positionAfter('months', { id: NIL_UUID, startTime: month.before });
  // A cheap look first: another's calls are seldom deleted between it and the lock.
  if (orgId !== null && (await bulkLegs(db).hasOtherOrgs(orgId, month)))
    return saveProgress(db, save, { position: beyond, counts });
  return db
    .$transaction(
      async (tx) => {
        await tx.$executeRaw`SELECT set_config('statement_timeout', ${String(DROP_TIMEOUT_MS)}, true)`;
        const deleted = await dropPartition(tx, month, async () =>
          orgId !== null && (await bulkLegs(tx).hasOtherOrgs(orgId, month))
            ? null
            : bulkLegs(tx).subtractFromSummary(month),
        );
        const progress = { position: beyond, counts: addCounts(counts, { deleted: deleted ?? 0 }) };
        await save(tx, progress);
        return progress;
      },
      { timeout: DROP_TIMEOUT_MS },
    )
    .catch((error: unknown) => {
      // Locked for too long: its legs are deleted in chunks, like those of other months.
      if (isUnavailable(error)) return saveProgress(db, save, { position: beyond, counts });
      throw error;
    });
}

async function saveProgress(db: Database, save: Save, progress: Progress): Promise<Progress> {
  await save(db, progress);
  return progress;
}

function deleteLegs(
  db: Database,
  { orgId, range, position, counts }: StoredTask,
  save: Save,
): Promise<Progress> {
  return db.$transaction(async (tx) => {
    const page = { after: keyOf(position), limit: MAX_CHUNK_LEGS };
    const { deleted, last } = await bulkLegs(tx).delete(orgId, range, page);
    const progress = {
      position: last ? positionAfter('legs', { id: last.id, startTime: last.time }) : { phase: 'quarantine' },
      counts: addCounts(counts, { deleted }),
    };
    await save(tx, progress);
    return progress;
  });
}

function writeOffQuarantined(db: Database, task: StoredTask, save: Save): Promise<Progress> {
  return db.$transaction(async (tx) => {
    const { position, counts } = task;
    const page = { after: position.id ?? null, limit: MAX_CHUNK_LEGS, maxBytes: MAX_CHUNK_BYTES };
    const rows = await backlog(tx).quarantined(
      cleanupBacklogFilter(task, task.startedAt ?? task.queuedAt),
      page,
    );
    await backlog(tx).removeQuarantined(rows.map(({ id }) => id));
    const records = rows.reduce((sum, { items }) => sum + items, 0);
    const last = rows.at(-1);
    const progress = {
      position: last ? { phase: 'quarantine', id: last.id } : FINISHED,
      counts: addCounts(counts, { written_off: records }),
    };
    await save(tx, progress);
    return progress;
  });
}
