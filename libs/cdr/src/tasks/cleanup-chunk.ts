import {
  dropPartition,
  isUnavailable,
  pastPartitions,
  type Database,
  type Partition,
} from '@oriontel/database';
import { backlog, type BacklogFilter } from '@oriontel/intake';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { bulkLegs } from './bulk-leg.repository.ts';
import { addCounts, FINISHED, type Position, type StoredTask } from './cdr-task.ts';
import { MAX_CHUNK_BYTES, MAX_CHUNK_LEGS, type Progress, type RunChunk, type Save } from './chunk.ts';
import type { TimeRange } from './date-range.ts';
import { keyOf, positionAfter } from './position.ts';

/** For one transaction that counts the legs of a partition and drops it. */
const DROP_TIMEOUT_MS = 10 * 60_000;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** Deletes whole partitions without legs of others, then the remaining legs, then quarantined records. */
export function cleanupChunk(db: Database): RunChunk {
  return async function cleanUpNextChunk(task, save) {
    const { phase } = task.position;
    if (phase === 'months') return dropNextPartition(db, task, save);
    return phase === 'legs' ? deleteLegs(db, task, save) : discardQuarantined(db, task, save);
  };
}

/** Selects the quarantined records that a cleanup discards. */
export function cleanupBacklogFilter(
  { orgId, range }: Pick<StoredTask, 'orgId' | 'range'>,
  upTo: Date,
): BacklogFilter {
  return {
    queue: cdrIntake.queue.name,
    orgId,
    accepted: range,
    upTo,
  };
}

async function dropNextPartition(db: Database, task: StoredTask, save: Save): Promise<Progress> {
  const { orgId, range, counts, position } = task;
  const after = keyOf(position)?.time ?? null;
  const partition = (await pastPartitions(db, 'cdrs')).find((one) => isInside(one, range, after));
  if (!partition) return saveProgress(db, save, { position: { phase: 'legs' }, counts });
  const nextPosition = positionAfter('months', { id: NIL_UUID, startTime: partition.before });
  // Checked before the partition is locked, and again after.
  if (orgId !== null && (await bulkLegs(db).hasOtherOrgs(orgId, partition)))
    return saveProgress(db, save, { position: nextPosition, counts });
  try {
    return await dropWhole(db, task, partition, nextPosition, save);
  } catch (error) {
    // The partition stayed locked: the next phase deletes its legs in chunks.
    if (isUnavailable(error)) return saveProgress(db, save, { position: nextPosition, counts });
    throw error;
  }
}

function isInside({ from, before }: Partition, range: TimeRange, after: Date | null): boolean {
  return (
    (!range.from || from >= range.from) &&
    (!range.before || before <= range.before) &&
    (!after || from >= after)
  );
}

/** Drops nothing if another organization has legs in the partition. */
function dropWhole(
  db: Database,
  { orgId, counts }: StoredTask,
  partition: Partition,
  position: Position,
  save: Save,
): Promise<Progress> {
  return db.$transaction(
    async (tx) => {
      await bulkLegs(tx).setStatementTimeout(DROP_TIMEOUT_MS);
      const deleted = await dropPartition(tx, partition, async () =>
        orgId !== null && (await bulkLegs(tx).hasOtherOrgs(orgId, partition))
          ? null
          : bulkLegs(tx).subtractFromSummary(partition),
      );
      const progress = { position, counts: addCounts(counts, { deleted: deleted ?? 0 }) };
      await save(tx, progress);
      return progress;
    },
    { timeout: DROP_TIMEOUT_MS },
  );
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

function discardQuarantined(db: Database, task: StoredTask, save: Save): Promise<Progress> {
  return db.$transaction(async (tx) => {
    const { position, counts } = task;
    const page = { after: position.id ?? null, limit: MAX_CHUNK_LEGS, maxBytes: MAX_CHUNK_BYTES };
    const filter = cleanupBacklogFilter(task, task.startedAt ?? task.queuedAt);
    const rows = await backlog(tx).quarantined(filter, page);
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
