import {
  dropPartition,
  isUnavailable,
  pastPartitions,
  type Database,
  type Partition,
} from '@oriontel/database';
import { resultHours } from './result-hour.repository.ts';
import { gatewayResults, RESULTS_TABLE } from './result.repository.ts';

/** How many days an organization keeps results; null: forever. */
export interface ResultRetention {
  orgId: number;
  days: number | null;
}

const DAY_MS = 86_400_000;
/** Rows deleted by one statement. */
const CHUNK_ROWS = 5_000;

/**
 * Deletes results beyond the retention of their organization, by whole UTC days. Drops the partitions of
 * months that are too old for every organization and deletes the rest in chunks. Returns a summary.
 */
export function pruneResults(db: Database, readRetentions: () => Promise<ResultRetention[]>) {
  return async function pruneExpiredResults(now = new Date()): Promise<string> {
    const all = await readRetentions();
    const limits = all.flatMap(({ orgId, days }) =>
      days === null ? [] : [{ orgId, before: daysAgo(now, days) }],
    );
    const allExpire = limits.length > 0 && limits.length === all.length;
    const oldest = Math.min(...limits.map(({ before }) => before.getTime()));
    const months = allExpire ? await dropMonths(db, new Date(oldest)) : 0;
    let deleted = 0;
    for (const { orgId, before } of limits) {
      deleted += await deleteInChunks((limit) => gatewayResults(db).deleteBefore(orgId, before, limit));
      await deleteInChunks((limit) => resultHours(db).deleteBefore(orgId, before, limit));
    }
    return `${months} months and ${deleted} results deleted`;
  };
}

function daysAgo(now: Date, days: number): Date {
  return new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS - days * DAY_MS);
}

async function dropMonths(db: Database, before: Date): Promise<number> {
  const old = (await pastPartitions(db, RESULTS_TABLE)).filter((month) => month.before <= before);
  let dropped = 0;
  for (const month of old) dropped += await dropMonth(db, month);
  return dropped;
}

/** Returns how many it dropped: 0 if the partition is in use, then the next run tries again. */
function dropMonth(db: Database, month: Partition): Promise<number> {
  return db
    .$transaction((tx) => dropPartition(tx, month, async () => 1))
    .then(
      (dropped) => dropped ?? 0,
      (error: unknown) => {
        if (isUnavailable(error)) return 0;
        throw error;
      },
    );
}

async function deleteInChunks(deleteChunk: (limit: number) => Promise<number>): Promise<number> {
  let deleted = 0;
  for (;;) {
    const rows = await deleteChunk(CHUNK_ROWS);
    deleted += rows;
    if (rows < CHUNK_ROWS) return deleted;
  }
}
