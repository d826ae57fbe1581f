import type { Paged } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { LogLine, LogQuery } from './log-entry.ts';
import { logImports } from './log-import.repository.ts';
import { entityLogs } from './log.repository.ts';
import { logsIntake } from './logs-intake.ts';

/** How long a search waits for workers to store imports that were accepted before it. */
const DRAIN_TIMEOUT_MS = 250;

type Query = Pick<LogQuery, 'type' | 'level' | 'from' | 'to' | 'limit' | 'offset'>;

/**
 * Finds the log lines of an entity, oldest first. Reads your own writes: accepted lines are found, stored or
 * not.
 */
export async function searchLogs(
  db: Queryable,
  orgId: number,
  entity: string,
  query: Query,
): Promise<Paged<LogLine>> {
  const { type, level } = query;
  const [from, to] = [query.from, query.to].map((time) => (time ? new Date(time) : undefined));
  const filter = { type, level, from, to };
  const pendingImports = await findPendingImports(db, orgId, entity);
  const logs = entityLogs(db);
  return pendingImports.length
    ? logs.searchWithPending(pendingImports, orgId, entity, filter, query)
    : logs.search(orgId, entity, filter, query);
}

/** Ids of the entity's imports that have pending parts after DRAIN_TIMEOUT_MS; usually none. */
async function findPendingImports(db: Queryable, orgId: number, entity: string): Promise<string[]> {
  const unfinished = await logImports(db).listUnfinished(orgId, entity);
  if (!unfinished.length) return [];
  async function isDrained() {
    return !(await intakeRows(db).hasPendingKey(logsIntake.queue.name, orgId, unfinished));
  }
  return (await awaitDrained(isDrained, DRAIN_TIMEOUT_MS)) ? [] : unfinished;
}
