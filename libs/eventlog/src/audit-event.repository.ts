import type { IdTime } from '@oriontel/contracts';
import { PLANNED_ANEW, Prisma, type Database, type Queryable } from '@oriontel/database';
import { rankOf, severityOf, type ActorType, type DatedEvent } from './audit-event.ts';
import { wordsOf } from './words-of.ts';

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
export interface Place {
  value: string | number | null;
  createdAt: Date;
  id: string;
}

/** Which part of a sorted list. */
export interface Part {
  after: Place | null;
  offset: number;
  limit: number;
}

/** A part of all that were found, and how many those are; 0 where the part is beyond the last of them. */
export interface Collected {
  events: DatedEvent[];
  total: number;
}

interface Row extends Omit<DatedEvent, 'severity'> {
  severity: number;
}

const asEvent = ({ severity, ...row }: Row): DatedEvent => ({ ...row, severity: severityOf(severity) });

const COLUMNS = Prisma.sql`id, org_id AS "orgId", created_at AS "createdAt", event_type AS "eventType", severity,
  actor_type AS "actorType", actor_id AS "actorId", resource_type AS "resourceType", resource_id AS "resourceId", description,
  metadata, host(ip_address) AS "ipAddress", user_agent AS "userAgent"`;

const anew = Prisma.raw(PLANNED_ANEW);

/** The only file that speaks to the audit_events table. */
export const auditEvents = (db: Queryable) => ({
  /** Stores the events that are not there yet, in a fixed order so that two batches cannot deadlock. */
  insert: async (events: DatedEvent[]): Promise<void> => {
    if (!events.length) return;
    const rows = events.map((event) => ({
      ...event,
      severity: rankOf(event.severity),
      words: wordsOf(event.description),
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

  find: async (orgId: number, id: string, time: IdTime): Promise<DatedEvent | null> => {
    const [row] =
      time.known === 'ms'
        ? await db.$queryRaw<Row[]>`
            SELECT ${COLUMNS} FROM audit_events WHERE created_at = ${time.at} AND id = ${id} AND org_id = ${orgId}::int`
        : await db.$queryRaw<Row[]>`
            SELECT ${COLUMNS} FROM audit_events
            WHERE created_at >= ${time.from} AND created_at < ${time.to} AND length(id) <> 36 AND id = ${id}
              AND org_id = ${orgId}::int`;
    return row ? asEvent(row) : null;
  },

  /** What the planner expects from the statistics it keeps: costs nothing, and may be wrong. */
  estimate: async (orgId: number, filter: EventFilter): Promise<number> => {
    const [row] = await db.$queryRaw<[{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }]>`${anew}
      EXPLAIN (FORMAT JSON) SELECT FROM audit_events WHERE ${all(orgId, filter)}`;
    return row['QUERY PLAN'][0].Plan['Plan Rows'];
  },

  /** How many there are, up to `most`. */
  count: async (orgId: number, filter: EventFilter, most: number): Promise<number> => {
    const [row] = await db.$queryRaw<[{ count: number }]>`${anew}
      SELECT count(*)::int FROM (SELECT FROM audit_events WHERE ${all(orgId, filter)} LIMIT ${most}::int) AS counted`;
    return row.count;
  },

  /**
   * Reads along the index of the order, at most `reach` events, and picks those that match: cheap where many do. Fewer
   * than `limit`: either there are no more, or they lie beyond reach.
   */
  walk: async (
    orgId: number,
    filter: EventFilter,
    sort: Sort,
    { after, offset, limit }: Part,
    reach: number,
  ): Promise<DatedEvent[]> => {
    const [own, others] = split(filter, sort);
    const along = Prisma.join([inOrg(orgId), ...own, ...beyond(after, sort)], ' AND ');
    const rows = await db.$queryRaw<Row[]>`${anew}
      SELECT ${COLUMNS} FROM (SELECT * FROM audit_events WHERE ${along} ORDER BY ${orderOf(sort)} LIMIT ${reach}::int) AS walked
      WHERE ${Prisma.join([Prisma.sql`TRUE`, ...others], ' AND ')}
      ORDER BY ${orderOf(sort)} LIMIT ${limit}::int OFFSET ${offset}::int`;
    return rows.map(asEvent);
  },

  /**
   * Finds all that match by their filters, and sorts them: cheap where few do. `most` bounds how many are looked at: where `total`
   * is more, the events are not the first ones.
   */
  collect: async (
    orgId: number,
    filter: EventFilter,
    sort: Sort,
    { after, offset, limit }: Part,
    most: number,
  ): Promise<Collected> => {
    const wanted = Prisma.join([all(orgId, filter), ...beyond(after, sort)], ' AND ');
    const rows = await db.$queryRaw<(Row & { total: number })[]>`${anew}
      WITH hits AS MATERIALIZED (
        SELECT ${keyOf(sort)} FROM audit_events WHERE ${wanted} LIMIT ${most + 1}::int),
      page AS (SELECT created_at, id FROM hits ORDER BY ${orderOf(sort)} LIMIT ${limit}::int OFFSET ${offset}::int)
      SELECT ${COLUMNS}, (SELECT count(*)::int FROM hits) AS total FROM audit_events JOIN page USING (created_at, id)
      ORDER BY ${orderOf(sort)}`;
    return { events: rows.map(({ total: _, ...row }) => asEvent(row)), total: rows[0]?.total ?? 0 };
  },
});

type AuditEvents = ReturnType<typeof auditEvents>;

/** As `collect`, whatever the statistics say: an index that finds nothing ends at once, a table that is read through does not. */
export const collectByIndex = async (
  db: Database,
  ...[orgId, filter, sort, part, most]: Parameters<AuditEvents['collect']>
): Promise<Collected> =>
  db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'off', true)`;
    return auditEvents(tx).collect(orgId, filter, sort, part, most);
  });

const inOrg = (orgId: number): Prisma.Sql => Prisma.sql`org_id = ${orgId}::int`;

const all = (orgId: number, filter: EventFilter): Prisma.Sql =>
  Prisma.join([inOrg(orgId), ...Object.values(conditions(filter)).filter(isCondition)], ' AND ');

/** What the index that is walked along tells by itself, and the rest. */
const split = (filter: EventFilter, { by }: Sort): [Prisma.Sql[], Prisma.Sql[]] => {
  const all = conditions(filter);
  const along: (keyof EventFilter)[] = ['from', 'to'];
  if (by === 'severity') along.push('severities');
  if (by === 'event_type') along.push('eventTypes');
  // Each of these has an index by time; one is enough.
  const byTime = (['actorId', 'resourceId', 'ipAddress'] as const).find((name) => all[name]);
  if (by === 'created_at' && byTime) along.push(byTime);
  const names = Object.keys(all) as (keyof EventFilter)[];
  const of = (wanted: (name: keyof EventFilter) => boolean) =>
    names.filter(wanted).flatMap((name) => all[name] || []);
  return [of((name) => along.includes(name)), of((name) => !along.includes(name))];
};

const isCondition = (condition: unknown): condition is Prisma.Sql => !!condition;

const conditions = (filter: EventFilter): Record<keyof EventFilter, Prisma.Sql | false | '' | undefined> => {
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
};

const columnsOf = ({ by }: Sort): string[] =>
  by === 'created_at' ? ['created_at', 'id'] : [by, 'created_at', 'id'];

const keyOf = (sort: Sort): Prisma.Sql => Prisma.raw(columnsOf(sort).join(', '));

const orderOf = (sort: Sort): Prisma.Sql =>
  Prisma.raw(
    columnsOf(sort)
      .map((column) => `${column} ${sort.order}`)
      .join(', '),
  );

const beyond = (after: Place | null, { by, order }: Sort): Prisma.Sql[] => {
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
};
