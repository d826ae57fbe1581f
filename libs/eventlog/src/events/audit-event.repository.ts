import type { EventIdTime } from '@oriontel/contracts';
import { Prisma, queryPage, UNPREPARED, type Database, type Queryable } from '@oriontel/database';
import { severityRank, severityFromRank, type ActorType, type DatedEvent } from './audit-event.ts';
import { extractWords } from './extract-words.ts';

export interface EventFilter {
  eventTypes?: string[] | undefined;
  /** Ranks. */
  severities?: number[] | undefined;
  actorId?: number | undefined;
  actorType?: ActorType | undefined;
  resourceType?: string | undefined;
  resourceId?: string | undefined;
  /** Inclusive. */
  from?: Date | undefined;
  /** Inclusive. */
  to?: Date | undefined;
  /** The description contains all of them. */
  words?: string[] | undefined;
  ipAddress?: string | undefined;
}

export interface Sort {
  by: 'created_at' | 'severity' | 'event_type';
  order: 'asc' | 'desc';
}

/** The last event of a page in a sorted list. */
export interface SortPosition {
  /** The value of the column of `Sort.by`; null for created_at. */
  value: string | number | null;
  createdAt: Date;
  id: string;
}

/** A slice of a sorted list: `limit` events after position `after` and `offset` further ones. */
export interface PageRange {
  after: SortPosition | null;
  offset: number;
  limit: number;
}

/** A page, and the number of all matches; 0 if the page is beyond the last match. */
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

const COLUMNS = Prisma.sql`
  id, org_id AS "orgId", created_at AS "createdAt", event_type AS "eventType", severity,
  actor_type AS "actorType", actor_id AS "actorId", resource_type AS "resourceType",
  resource_id AS "resourceId", description, metadata, host(ip_address) AS "ipAddress",
  user_agent AS "userAgent"`;

/** Repository of the audit_events table. */
export function auditEvents(db: Queryable) {
  function readPage<T extends object>(page: Prisma.Sql, limit: number): Promise<T[]> {
    return queryPage(db, page, {
      limit,
      largeColumn: 'metadata',
      limitName: 'per_page',
      prefix: UNPREPARED,
    });
  }

  return {
    /**
     * Inserts the events that do not exist yet, in a fixed order so that concurrent batches cannot deadlock.
     */
    async insert(events: DatedEvent[]): Promise<void> {
      if (!events.length) return;
      const rows = events.map((event) => ({
        ...event,
        severity: severityRank(event.severity),
        words: extractWords(event.description),
      }));
      await db.$executeRaw`
        INSERT INTO audit_events (
          id, org_id, created_at, event_type, severity, actor_type, actor_id, resource_type, resource_id,
          description, words, metadata, ip_address, user_agent)
        SELECT
          id, "orgId", "createdAt", "eventType", severity, "actorType", "actorId", "resourceType",
          "resourceId", description, words, metadata, "ipAddress", "userAgent"
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS event(
          id text, "orgId" int, "createdAt" timestamptz, "eventType" text, severity smallint,
          "actorType" text, "actorId" int, "resourceType" text, "resourceId" text, description text,
          words text[], metadata json, "ipAddress" inet, "userAgent" text)
        ORDER BY 3, 1
        ON CONFLICT DO NOTHING`;
    },

    async find(orgId: number, id: string, time: EventIdTime): Promise<DatedEvent | null> {
      const [row] =
        time.known === 'ms'
          ? await db.$queryRaw<AuditEventRow[]>`
              SELECT ${COLUMNS}
              FROM audit_events
              WHERE created_at = ${time.at}
                AND id = ${id}
                AND org_id = ${orgId}::int`
          : await db.$queryRaw<AuditEventRow[]>`
              SELECT ${COLUMNS}
              FROM audit_events
              WHERE created_at >= ${time.from}
                AND created_at < ${time.to}
                AND length(id) <> 36
                AND id = ${id}
                AND org_id = ${orgId}::int`;
      return row ? toEvent(row) : null;
    },

    /** The planner's estimate of the number of matches: costs nothing and may be wrong. */
    async estimate(orgId: number, filter: EventFilter): Promise<number> {
      const [row] = await db.$queryRaw<[{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }]>`${UNPREPARED}
        EXPLAIN (FORMAT JSON)
        SELECT
        FROM audit_events
        WHERE ${matchConditions(orgId, filter)}`;
      return row['QUERY PLAN'][0].Plan['Plan Rows'];
    },

    /** The number of matches, counted up to `limit`. */
    async count(orgId: number, filter: EventFilter, limit: number): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`${UNPREPARED}
        SELECT count(*)::int
        FROM (
          SELECT
          FROM audit_events
          WHERE ${matchConditions(orgId, filter)}
          LIMIT ${limit}::int
        ) AS counted`;
      return row.count;
    },

    /**
     * Scans at most `maxScanned` events along the index of the sort order and filters them: fast if many
     * match. A result shorter than `limit` is incomplete if more events match beyond `maxScanned`.
     */
    async scanInOrder(
      orgId: number,
      filter: EventFilter,
      sort: Sort,
      { after, offset, limit }: PageRange,
      maxScanned: number,
    ): Promise<DatedEvent[]> {
      const { indexed, others } = splitConditions(filter, sort);
      const scanned = Prisma.join(
        [inOrganization(orgId), ...indexed, ...afterPosition(after, sort)],
        ' AND ',
      );
      const page = Prisma.sql`
        SELECT ${COLUMNS}
        FROM (
          SELECT *
          FROM audit_events
          WHERE ${scanned}
          ORDER BY ${orderByClause(sort)}
          LIMIT ${maxScanned}::int
        ) AS scanned
        WHERE ${Prisma.join([Prisma.sql`TRUE`, ...others], ' AND ')}
        ORDER BY ${orderByClause(sort)}
        LIMIT ${limit}::int
        OFFSET ${offset}::int`;
      return (await readPage<AuditEventRow>(page, limit)).map(toEvent);
    },

    /**
     * Finds all matches by the indexes of the filters and sorts them: fast if few match. Collects at most
     * `maxMatches` + 1 matches; if `total` exceeds `maxMatches`, the events are not the first ones of the
     * sort order.
     */
    async collectMatches(
      orgId: number,
      filter: EventFilter,
      sort: Sort,
      { after, offset, limit }: PageRange,
      maxMatches: number,
    ): Promise<CollectedEvents> {
      const conditions = Prisma.join(
        [matchConditions(orgId, filter), ...afterPosition(after, sort)],
        ' AND ',
      );
      const rows = await readPage<AuditEventRow & { total: number }>(
        Prisma.sql`
        WITH hits AS MATERIALIZED (
          SELECT ${sortKey(sort)}
          FROM audit_events
          WHERE ${conditions}
          LIMIT ${maxMatches + 1}::int
        ), page AS (
          SELECT created_at, id
          FROM hits
          ORDER BY ${orderByClause(sort)}
          LIMIT ${limit}::int
          OFFSET ${offset}::int
        )
        SELECT ${COLUMNS}, (SELECT count(*)::int FROM hits) AS total
        FROM audit_events
        JOIN page USING (created_at, id)
        ORDER BY ${orderByClause(sort)}`,
        limit,
      );
      return { events: rows.map(({ total: _, ...row }) => toEvent(row)), total: rows[0]?.total ?? 0 };
    },
  };
}

type AuditEvents = ReturnType<typeof auditEvents>;

/**
 * Like `collectMatches`, but forces index use regardless of the statistics: an index without matches ends at
 * once, a table scan does not.
 */
export async function collectByIndex(
  db: Database,
  ...[orgId, filter, sort, range, maxMatches]: Parameters<AuditEvents['collectMatches']>
): Promise<CollectedEvents> {
  return db.$transaction(async (tx) => {
    await tx.$executeRaw`
      SELECT
        set_config('enable_seqscan', 'off', true),
        set_config('enable_indexscan', 'off', true)`;
    return auditEvents(tx).collectMatches(orgId, filter, sort, range, maxMatches);
  });
}

const inOrganization = (orgId: number): Prisma.Sql => Prisma.sql`org_id = ${orgId}::int`;

function matchConditions(orgId: number, filter: EventFilter): Prisma.Sql {
  return Prisma.join(
    [inOrganization(orgId), ...Object.values(toConditions(filter)).filter(isCondition)],
    ' AND ',
  );
}

/** Splits the conditions into those that the index of the sort order evaluates, and the others. */
function splitConditions(filter: EventFilter, { by }: Sort): Record<'indexed' | 'others', Prisma.Sql[]> {
  const conditions = toConditions(filter);
  const indexed: (keyof EventFilter)[] = ['from', 'to'];
  if (by === 'severity') indexed.push('severities');
  if (by === 'event_type') indexed.push('eventTypes');
  // Each of these columns has an index by time; a scan uses one index.
  const timeIndexed = (['actorId', 'resourceId', 'ipAddress'] as const).find((name) => conditions[name]);
  if (by === 'created_at' && timeIndexed) indexed.push(timeIndexed);
  const names = Object.keys(conditions) as (keyof EventFilter)[];
  function pick(isWanted: (name: keyof EventFilter) => boolean) {
    return names.filter(isWanted).flatMap((name) => conditions[name] || []);
  }
  return {
    indexed: pick((name) => indexed.includes(name)),
    others: pick((name) => !indexed.includes(name)),
  };
}

const isCondition = (condition: unknown): condition is Prisma.Sql => !!condition;

function toConditions(filter: EventFilter): Record<keyof EventFilter, Prisma.Sql | false | '' | undefined> {
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
  const comparison = Prisma.raw(order === 'asc' ? '>' : '<');
  if (by === 'severity')
    return [Prisma.sql`(severity, created_at, id) ${comparison} (${value}::smallint, ${createdAt}, ${id})`];
  if (by === 'event_type')
    return [Prisma.sql`(event_type, created_at, id) ${comparison} (${value}::text, ${createdAt}, ${id})`];
  // The first condition is redundant, but partitions can be pruned only by created_at alone.
  return [
    Prisma.sql`created_at ${comparison}= ${createdAt}`,
    Prisma.sql`(created_at, id) ${comparison} (${createdAt}, ${id})`,
  ];
}
