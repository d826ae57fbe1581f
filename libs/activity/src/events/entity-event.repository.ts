import type { JsonObject } from '@oriontel/contracts';
import { Prisma, type Queryable } from '@oriontel/database';
import { pendingPayloads } from '@oriontel/intake';
import { entityEventsIntake } from './entity-events-intake.ts';
import type { EntityEvent } from './entity-event.ts';

/** An event on its way into the table. */
export type NewEventRow = Omit<EntityEvent, 'notify'>;

export interface FoundEvent {
  id: string;
  at: Date;
  type: string;
  data: JsonObject;
}

/** What a search may ask for. `since`: the first events from then on; the last ones where it is absent. */
export interface EventFilter {
  type?: string | undefined;
  since?: Date | undefined;
  limit: number;
}

/** The only file that speaks to the entity_events table. */
export function entityEvents(db: Queryable) {
  return {
    /** Stores the events that are not there yet, in a fixed order so that two batches cannot deadlock; returns the ids of those. */
    async insert(events: NewEventRow[]): Promise<Set<string>> {
      const rows = await db.$queryRaw<{ id: string }[]>`
      INSERT INTO entity_events (org_id, entity, happened_at, id, type, data)
      SELECT "orgId", entity, at, id, type, data
      FROM json_to_recordset(${JSON.stringify(events)}::json) AS event("orgId" int, entity text, at timestamptz, id text,
        type text, data json)
      ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING RETURNING id`;
      return new Set(rows.map(({ id }) => id));
    },

    /**
     * Stored or on the road: one statement, so that none is missed or found twice that is being stored meanwhile. The oldest first.
     * Both sides are cut before they are put together, or neither would be read along its index.
     */
    search(orgId: number, entity: string, { type, since, limit }: EventFilter): Promise<FoundEvent[]> {
      const order = Prisma.raw(since ? 'ASC' : 'DESC');
      const part = Prisma.sql`${conditions(type, since)} ORDER BY at ${order}, id ${order} LIMIT ${limit}::int`;
      return db.$queryRaw`
      SELECT * FROM (
        SELECT * FROM (
          (SELECT * FROM (
            SELECT id, happened_at AS at, type, data FROM entity_events WHERE org_id = ${orgId}::int AND entity = ${entity}
          ) AS stored WHERE ${part})
          UNION ALL
          (SELECT event.* FROM (${pendingPayloads(queue, orgId, [entity])}) AS road,
            json_to_record(road.payload) AS event(id text COLLATE "C", at timestamptz, type text, data json) WHERE ${part})
        ) AS found ORDER BY at ${order}, id ${order} LIMIT ${limit}::int
      ) AS page ORDER BY at, id`;
    },
  };
}

const queue = entityEventsIntake.queue.name;

function conditions(type: string | undefined, since: Date | undefined): Prisma.Sql {
  const all = [type !== undefined && Prisma.sql`type = ${type}`, since && Prisma.sql`at >= ${since}`];
  return Prisma.join([Prisma.sql`TRUE`, ...all.filter((one): one is Prisma.Sql => !!one)], ' AND ');
}
