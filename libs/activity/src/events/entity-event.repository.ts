import type { JsonObject } from '@oriontel/contracts';
import { Prisma, queryPage, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import { entityEventsIntake } from './entity-events-intake.ts';
import type { EntityEvent } from './entity-event.ts';

export type NewEventRow = Omit<EntityEvent, 'notify'>;

export interface FoundEvent {
  id: string;
  at: Date;
  type: string;
  data: JsonObject;
}

export interface EventFilter {
  type?: string | undefined;
  /** Selects the first `limit` events at or after this time. Absent: the last `limit` events. */
  since?: Date | undefined;
  limit: number;
}

export function entityEvents(db: Queryable) {
  return {
    /**
     * Inserts events that are not stored yet and returns their ids. Rows are inserted in key order, so that
     * concurrent batches cannot deadlock.
     */
    async insert(events: NewEventRow[]): Promise<Set<string>> {
      const rows = await db.$queryRaw<{ id: string }[]>`
        INSERT INTO entity_events (org_id, entity, happened_at, id, type, data)
        SELECT "orgId", entity, at, id, type, data
        FROM json_to_recordset(${JSON.stringify(events)}::json)
          AS event("orgId" int, entity text, at timestamptz, id text, type text, data json)
        ORDER BY 1, 2, 3, 4
        ON CONFLICT DO NOTHING
        RETURNING id`;
      return new Set(rows.map(({ id }) => id));
    },

    /**
     * Finds stored and pending events, oldest first. It is one statement, so that an event that a worker
     * stores meanwhile is neither missed nor found twice. Each side of the UNION has its own LIMIT, so that
     * it reads along its index.
     */
    search(orgId: number, entity: string, { type, since, limit }: EventFilter): Promise<FoundEvent[]> {
      const order = Prisma.raw(since ? 'ASC' : 'DESC');
      const firstMatches = Prisma.sql`
        WHERE ${conditions(type, since)}
        ORDER BY at ${order}, id ${order}
        LIMIT ${limit}::int`;
      const page = Prisma.sql`
        SELECT *
        FROM (
          SELECT *
          FROM (
            (
              SELECT *
              FROM (
                SELECT id, happened_at AS at, type, data
                FROM entity_events
                WHERE org_id = ${orgId}::int
                  AND entity = ${entity}
              ) AS stored
              ${firstMatches}
            )
            UNION ALL
            (
              SELECT event.*
              FROM (${pendingPayloads(entityEventsIntake.queue.name, orgId, [entity])}) AS pending,
                json_to_record(pending.payload)
                  AS event(id text COLLATE "C", at timestamptz, type text, data json)
              ${firstMatches}
            )
          ) AS found
          ORDER BY at ${order}, id ${order}
          LIMIT ${limit}::int
        ) AS page
        ORDER BY at, id`;
      return queryPage(db, page, { limit, largeColumn: 'data' });
    },
  };
}

function conditions(type: string | undefined, since: Date | undefined): Prisma.Sql {
  const all = [Prisma.sql`TRUE`];
  if (type !== undefined) all.push(Prisma.sql`type = ${type}`);
  if (since) all.push(Prisma.sql`at >= ${since}`);
  return Prisma.join(all, ' AND ');
}
