import type { Paged } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { LogLine, LogQuery } from './log-entry.ts';
import { logImports } from './log-import.repository.ts';
import { entityLogs } from './log.repository.ts';
import { logsIntake } from './logs-intake.ts';

/** Milliseconds a reader gives the workers to store what was accepted before it asked. */
const DRAIN_TIMEOUT_MS = 250;

type Query = Pick<LogQuery, 'type' | 'level' | 'from' | 'to' | 'limit' | 'offset'>;

/** The oldest first. Read your own writes: what is accepted is found, stored or not. */
export function searchLogs(db: Queryable) {
  return async function searchEntityLogs(
    orgId: number,
    entity: string,
    query: Query,
  ): Promise<Paged<LogLine>> {
    const { type, level } = query;
    const [from, to] = [query.from, query.to].map((time) => (time ? new Date(time) : undefined));
    const filter = { type, level, from, to };
    const coming = await findPendingImports(db, orgId, entity);
    const logs = entityLogs(db);
    return coming.length
      ? logs.searchWithPending(coming, orgId, entity, filter, query)
      : logs.search(orgId, entity, filter, query);
  };
}

/** The imports of this entity that are on the road still. Mostly that is none, since the workers are given a moment first. */
async function findPendingImports(db: Queryable, orgId: number, entity: string): Promise<string[]> {
  const unfinished = await logImports(db).listUnfinished(orgId, entity);
  if (!unfinished.length) return [];
  async function isDrained() {
    return !(await intakeRows(db).hasPendingKey(logsIntake.queue.name, orgId, unfinished));
  }
  return (await awaitDrained(isDrained, DRAIN_TIMEOUT_MS)) ? [] : unfinished;
}
