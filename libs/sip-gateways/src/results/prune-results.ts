import {
  dropPartition,
  isUnavailable,
  pastPartitions,
  type Database,
  type Partition,
} from '@oriontel/database';
import { gatewayResults, RESULTS_TABLE } from './result.repository.ts';

/** How long an organization keeps results: days; null for ever. */
export interface ResultRetention {
  orgId: number;
  days: number | null;
}

const DAY_MS = 86_400_000;
/** Results deleted by one statement. */
const CHUNK_ROWS = 5_000;

/**
 * Deletes the results that are older than their organization keeps them, by whole days (UTC): whole months where everybody forgets
 * some day, the rest bite by bite. Returns what it deleted.
 */
export function pruneResults(db: Database, retentions: () => Promise<ResultRetention[]>) {
  return async function pruneExpiredResults(now = new Date()): Promise<string> {
    const all = await retentions();
    const ages = all.flatMap(({ orgId, days }) =>
      days === null ? [] : [{ orgId, before: daysAgo(now, days) }],
    );
    const isForEverybody = ages.length > 0 && ages.length === all.length;
    const oldest = Math.min(...ages.map(({ before }) => before.getTime()));
    const months = isForEverybody ? await dropMonths(db, new Date(oldest)) : 0;
    let deleted = 0;
    for (const { orgId, before } of ages) deleted += await deleteOld(db, orgId, before);
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

/** One that is in use is left for the next time. */
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

async function deleteOld(db: Database, orgId: number, before: Date): Promise<number> {
  let deleted = 0;
  for (;;) {
    const bite = await gatewayResults(db).deleteBefore(orgId, before, CHUNK_ROWS);
    deleted += bite;
    if (bite < CHUNK_ROWS) return deleted;
  }
}
