import type { EventIdTime } from '@oriontel/contracts';
import { UNPREPARED, Prisma, type Database, type Queryable } from '@oriontel/database';
import { severityRank, severityFromRank, type ActorType, type DatedEvent } from './audit-event.ts';
import { extractWords } from './extract-words.ts';

/** What a search may ask for. */
export interface EventFilter {
  eventTypes?: string[] | undefined;
  /** Ranks. */
  severities?: number[] | undefined;
  actorId?: number | undefined;
  actorType?: ActorType | undefined;
  resourceType?: string | undefined;
  resourceId?: string | undefined;
  /** Inclusive, both. */
  from?: Date | undefined;
  to?: Date | undefined;
  /** All of them. */
  words?: string[] | undefined;
  ipAddress?: string | undefined;
}

export interface Sort {
  by: 'created_at' | 'severity' | 'event_type';
  order: 'asc' | 'desc';
}

/** A place in a sorted list: the events beyond it are those of the next page. `value`: of what is sorted by, if not the time. */
export interface SortPosition {
  value: string | number | null;
  createdAt: Date;
  id: string;
}

/** Which part of a sorted list. */
export interface PageRange {
  after: SortPosition | null;
  offset: number;
  limit: number;
}

/** A part of all that were found, and how many those are; 0 where the part is beyond the last of them. */
export interface CollectedEvents {
  events: DatedEvent[];
  total: number;
}

interface AuditEventRow extends Omit<DatedEvent, 'severity'> {
  severity: number;
}

function toEvent({ severity, ...row }: AuditEventRow): DatedEvent {
  return {
    ...row,
    severity: severityFromRank(severity),
  };
}

const COLUMNS = Prisma.sql`id, org_id AS "orgId", created_at AS "createdAt", event_type AS "eventType", severity,
  actor_type AS "actorType", actor_id AS "actorId", resource_type AS "resourceType", resource_id AS "resourceId", description,
  metadata, host(ip_address) AS "ipAddress", user_agent AS "userAgent"`;

const unprepared = Prisma.raw(UNPREPARED);

/** The only file that speaks to the audit_events table. */
export function auditEvents(db: Queryable) {
  return {
    /** Stores the events that are not there yet, in a fixed order so that two batches cannot deadlock. */
    async insert(events: DatedEvent[]): Promise<void> {
      if (!events.length) return;
      const rows = events.map((event) => ({
        ...event,
        severity: severityRank(event.severity),
        words: extractWords(event.description),
      }));
      await db.$executeRaw`
      INSERT INTO audit_events (id, org_id, created_at, event_type, severity, actor_type, actor_id, resource_type, resource_id,
        description, words, metadata, ip_address, user_agent)
      SELECT id, "orgId", "createdAt", "eventType", severity, "actorType", "actorId", "resourceType", "resourceId",
        description, words, metadata, "ipAddress", "userAgent"
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS event(id text, "orgId" int, "createdAt" timestamptz,
        "eventType" text, severity smallint, "actorType" text, "actorId" int, "resourceType" text, "resourceId" text,
        description text, words text[], metadata json, "ipAddress" inet, "userAgent" text)
      ORDER BY 3, 1 ON CONFLICT DO NOTHING`;
    },

    async find(orgId: number, id: string, time: EventIdTime): Promise<DatedEvent | null> {
      const [row] =
        time.known === 'ms'
          ? await db.$queryRaw<AuditEventRow[]>`
            SELECT ${COLUMNS} FROM audit_events WHERE created_at = ${time.at} AND id = ${id} AND org_id = ${orgId}::int`
          : await db.$queryRaw<AuditEventRow[]>`
            SELECT ${COLUMNS} FROM audit_events
            WHERE created_at >= ${time.from} AND created_at < ${time.to} AND length(id) <> 36 AND id = ${id}
              AND org_id = ${orgId}::int`;
      return row ? toEvent(row) : null;
    },

    /** What the planner expects from the statistics it keeps: costs nothing, and may be wrong. */
    async estimate(orgId: number, filter: EventFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }]>`${unprepared}
      EXPLAIN (FORMAT JSON) SELECT FROM audit_events WHERE ${matchConditions(orgId, filter)}`;
      return row['QUERY PLAN'][0].Plan['Plan Rows'];
    },

    /** How many there are, up to `most`. */
    async count(orgId: number, filter: EventFilter, most: number): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`${unprepared}
      SELECT count(*)::int FROM (SELECT FROM audit_events WHERE ${matchConditions(orgId, filter)} LIMIT ${most}::int) AS counted`;
      return row.count;
    },

    /**
     * Reads along the index of the order, at most `reach` events, and picks those that match: cheap where many do. Fewer
     * than `limit`: either there are no more, or they lie beyond reach.
     */
    async scanInOrder(
      orgId: number,
      filter: EventFilter,
      sort: Sort,
      { after, offset, limit }: PageRange,
      reach: number,
    ): Promise<DatedEvent[]> {
      const [own, others] = splitConditions(filter, sort);
      const along = Prisma.join([inOrganization(orgId), ...own, ...afterPosition(after, sort)], ' AND ');
      const rows = await db.$queryRaw<AuditEventRow[]>`${unprepared}
      SELECT ${COLUMNS} FROM (SELECT * FROM audit_events WHERE ${along} ORDER BY ${orderByClause(sort)} LIMIT ${reach}::int) AS walked
      WHERE ${Prisma.join([Prisma.sql`TRUE`, ...others], ' AND ')}
      ORDER BY ${orderByClause(sort)} LIMIT ${limit}::int OFFSET ${offset}::int`;
      return rows.map(toEvent);
    },

    /**
     * Finds all that match by their filters, and sorts them: cheap where few do. `most` bounds how many are looked at: where `total`
     * is more, the events are not the first ones.
     */
    async collectMatches(
      orgId: number,
      filter: EventFilter,
      sort: Sort,
      { after, offset, limit }: PageRange,
      most: number,
    ): Promise<CollectedEvents> {
      const wanted = Prisma.join([matchConditions(orgId, filter), ...afterPosition(after, sort)], ' AND ');
      const rows = await db.$queryRaw<(AuditEventRow & { total: number })[]>`${unprepared}
      WITH hits AS MATERIALIZED (
        SELECT ${sortKey(sort)} FROM audit_events WHERE ${wanted} LIMIT ${most + 1}::int),
      page AS (SELECT created_at, id FROM hits ORDER BY ${orderByClause(sort)} LIMIT ${limit}::int OFFSET ${offset}::int)
      SELECT ${COLUMNS}, (SELECT count(*)::int FROM hits) AS total FROM audit_events JOIN page USING (created_at, id)
      ORDER BY ${orderByClause(sort)}`;
      return { events: rows.map(({ total: _, ...row }) => toEvent(row)), total: rows[0]?.total ?? 0 };
    },
  };
}

type AuditEvents = ReturnType<typeof auditEvents>;

/** As `collect`, whatever the statistics say: an index that finds nothing ends at once, a table that is read through does not. */
export async function collectByIndex(
  db: Database,
  ...[orgId, filter, sort, part, most]: Parameters<AuditEvents['collectMatches']>
): Promise<CollectedEvents> {
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)`;
    return auditEvents(tx).collectMatches(orgId, filter, sort, part, most);
  });
}

const inOrganization = (orgId: number): Prisma.Sql => Prisma.sql`org_id = ${orgId}::int`;

function matchConditions(orgId: number, filter: EventFilter): Prisma.Sql {
  return Prisma.join(
    [inOrganization(orgId), ...Object.values(conditions(filter)).filter(isCondition)],
    ' AND ',
  );
}

/** What the index that is walked along tells by itself, and the rest. */
function splitConditions(filter: EventFilter, { by }: Sort): [Prisma.Sql[], Prisma.Sql[]] {
  const all = conditions(filter);
  const along: (keyof EventFilter)[] = ['from', 'to'];
  if (by === 'severity') along.push('severities');
  if (by === 'event_type') along.push('eventTypes');
  // Each of these has an index by time; one is enough.
  const byTime = (['actorId', 'resourceId', 'ipAddress'] as const).find((name) => all[name]);
  if (by === 'created_at' && byTime) along.push(byTime);
  const names = Object.keys(all) as (keyof EventFilter)[];
  function of(wanted: (name: keyof EventFilter) => boolean) {
    return names.filter(wanted).flatMap((name) => all[name] || []);
  }
  return [of((name) => along.includes(name)), of((name) => !along.includes(name))];
}

const isCondition = (condition: unknown): condition is Prisma.Sql => !!condition;

function conditions(filter: EventFilter): Record<keyof EventFilter, Prisma.Sql | false | '' | undefined> {
  const { eventTypes, severities, actorId, actorType, resourceType, resourceId, from, to, words, ipAddress } =
    filter;
  return {
    from: from && Prisma.sql`created_at >= ${from}`,
    to: to && Prisma.sql`created_at <= ${to}`,
    eventTypes: eventTypes && Prisma.sql`event_type = ANY(${eventTypes}::text[])`,
    severities: severities && Prisma.sql`severity = ANY(${severities}::smallint[])`,
    actorId: actorId !== undefined && Prisma.sql`actor_id = ${actorId}::int`,
    actorType: actorType && Prisma.sql`actor_type = ${actorType}`,
    resourceType: resourceType && Prisma.sql`resource_type = ${resourceType}`,
    resourceId: resourceId && Prisma.sql`resource_id = ${resourceId}`,
    words: words && Prisma.sql`words @> ${words}::text[]`,
    ipAddress: ipAddress && Prisma.sql`ip_address = ${ipAddress}::inet`,
  };
}

function sortColumns({ by }: Sort): string[] {
  return by === 'created_at' ? ['created_at', 'id'] : [by, 'created_at', 'id'];
}

const sortKey = (sort: Sort): Prisma.Sql => Prisma.raw(sortColumns(sort).join(', '));

function orderByClause(sort: Sort): Prisma.Sql {
  return Prisma.raw(
    sortColumns(sort)
      .map((column) => `${column} ${sort.order}`)
      .join(', '),
  );
}

function afterPosition(after: SortPosition | null, { by, order }: Sort): Prisma.Sql[] {
  if (!after) return [];
  const { value, createdAt, id } = after;
  const further = Prisma.raw(order === 'asc' ? '>' : '<');
  if (by === 'severity')
    return [Prisma.sql`(severity, created_at, id) ${further} (${value}::smallint, ${createdAt}, ${id})`];
  if (by === 'event_type')
    return [Prisma.sql`(event_type, created_at, id) ${further} (${value}::text, ${createdAt}, ${id})`];
  // Said twice: partitions are passed over by the time alone.
  return [
    Prisma.sql`created_at ${further}= ${createdAt}`,
    Prisma.sql`(created_at, id) ${further} (${createdAt}, ${id})`,
  ];
}
