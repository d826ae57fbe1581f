import type { Page, Paged } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import { isPendingBefore } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import type { DeliveryState, NewDelivery, OutgoingDelivery } from './delivery.ts';
import type { FoundDelivery } from './found-delivery.ts';

/** What a list may ask for. */
export interface DeliveryFilter {
  state?: DeliveryState | undefined;
  eventId?: string | undefined;
}

/** The oldest that one call sends again. */
export const MAX_REPLAYED = 10_000;

const OUTGOING_COLUMNS = Prisma.sql`id, org_id AS "orgId", event_id AS "eventId", receiver, nullif(rule_id, '') AS "ruleId", type,
  happened_at AS "at", message, attempts, created_at AS "createdAt"`;
const COLUMNS = Prisma.sql`id, event_id AS "eventId", nullif(rule_id, '') AS "ruleId", type, happened_at AS "at", state, attempts,
  created_at AS "createdAt", finished_at AS "finishedAt"`;

/** A subquery of the ids of webhooks that something waits for: it steps over the many that wait for one of them. */
export function pendingWebhookIds(): Prisma.Sql {
  return Prisma.sql`
  WITH RECURSIVE waiting AS (
    (SELECT receiver FROM deliveries WHERE ${pendingCondition('webhook')} ORDER BY receiver LIMIT 1)
    UNION ALL
    SELECT (SELECT receiver FROM deliveries WHERE ${pendingCondition('webhook')} AND receiver > waiting.receiver ORDER BY receiver LIMIT 1)
    FROM waiting WHERE waiting.receiver IS NOT NULL)
  SELECT receiver::uuid FROM waiting WHERE receiver IS NOT NULL`;
}

/** A statement that counts a try of a delivery and sets what it is after it; returns its id. */
export function countAttempt(id: string, state: DeliveryState): Prisma.Sql {
  return Prisma.sql`
  UPDATE deliveries SET attempts = attempts + 1, state = ${state},
    finished_at = CASE WHEN ${state}::text <> 'pending' THEN clock_timestamp() END
  WHERE id = ${id}::uuid RETURNING id`;
}

/** The only file that speaks to the deliveries table. */
export function deliveries(db: Queryable) {
  return {
    /**
     * Hands over what was not handed over before: one for each event, channel, receiver and rule. Sorted, so that two transactions
     * cannot deadlock. Returns how many.
     */
    async insert(added: NewDelivery[]): Promise<number> {
      if (!added.length) return 0;
      const rows = added.map((delivery) => ({ ...delivery, id: uuidv7(), ruleId: delivery.ruleId ?? '' }));
      return db.$executeRaw`
      INSERT INTO deliveries (id, org_id, event_id, type, position, channel, receiver, rule_id, message, happened_at)
      SELECT id, "orgId", "eventId", type, position, channel, receiver, "ruleId", message, at
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS delivery(id uuid, "orgId" int, "eventId" text, type text,
        position uuid, channel text, receiver text, "ruleId" text, message json, at timestamptz)
      ORDER BY "orgId", "eventId", channel, receiver, "ruleId" ON CONFLICT DO NOTHING`;
    },

    /** How many notifications of an event were handed over. */
    async countForEvent(orgId: number, eventId: string): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM deliveries WHERE org_id = ${orgId}::int AND event_id = ${eventId}`;
      return row.count;
    },

    /** Those that wait. */
    async countPending(): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM deliveries WHERE state = 'pending'`;
      return row.count;
    },

    /**
     * What a webhook is to be told next. `held`: it must wait, since an event of its organization that was accepted earlier, though
     * not before the UUIDv7 `since`, is still in the intake of `queue`. One statement: that event is in the intake, or its delivery is here.
     */
    async findNext(
      webhookId: string,
      queue: string,
      since: string,
    ): Promise<(OutgoingDelivery & { held: boolean }) | null> {
      const orgId = Prisma.sql`head.org_id`;
      const before = Prisma.sql`head.position`;
      const [row] = await db.$queryRaw<(OutgoingDelivery & { held: boolean })[]>`
      SELECT ${OUTGOING_COLUMNS}, ${isPendingBefore(queue, { orgId, before, since })} AS held FROM (
        SELECT * FROM deliveries WHERE receiver = ${webhookId} AND ${pendingCondition('webhook')}
        ORDER BY position, id LIMIT 1) AS head`;
      return row ?? null;
    },

    /** Emails that are due, the longest first; others leave them alone for `lease` seconds. */
    claimEmails(limit: number, lease: number): Promise<OutgoingDelivery[]> {
      return db.$queryRaw`
    UPDATE deliveries SET due_at = now() + make_interval(secs => ${lease}::float8)
    WHERE ${pendingCondition('email')} AND id = ANY(ARRAY(
      SELECT id FROM deliveries WHERE ${pendingCondition('email')} AND due_at <= now()
      ORDER BY due_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))
    RETURNING ${OUTGOING_COLUMNS}`;
    },

    /** Not tried again for `delay` seconds. */
    async postpone(id: string, delay: number): Promise<void> {
      await db.$executeRaw`
      UPDATE deliveries SET due_at = now() + make_interval(secs => ${delay}::float8) WHERE id = ${id}::uuid`;
    },

    /** Newest first. */
    async list(
      orgId: number | null,
      webhookId: string,
      { state, eventId }: DeliveryFilter,
      { limit, offset }: Page,
    ): Promise<Paged<FoundDelivery>> {
      const conditions = [webhookScope(orgId, webhookId)];
      if (state !== undefined) conditions.push(Prisma.sql`state = ${state}`);
      if (eventId !== undefined) conditions.push(Prisma.sql`event_id = ${eventId}`);
      const where = Prisma.join(conditions, ' AND ');
      const [items, [counted]] = await Promise.all([
        db.$queryRaw<FoundDelivery[]>`
        SELECT ${COLUMNS} FROM deliveries WHERE ${where}
        ORDER BY position DESC, id DESC LIMIT ${limit}::int OFFSET ${offset}::int`,
        db.$queryRaw<[{ total: number }]>`SELECT count(*)::int AS total FROM deliveries WHERE ${where}`,
      ]);
      return { items, total: counted.total };
    },

    async find(orgId: number | null, webhookId: string, id: string): Promise<FoundDelivery | null> {
      const [row] = await db.$queryRaw<FoundDelivery[]>`
      SELECT ${COLUMNS} FROM deliveries WHERE ${webhookScope(orgId, webhookId)} AND id = ${id}::uuid`;
      return row ?? null;
    },

    /** Sends one again. Null where there is none. */
    async replay(orgId: number | null, webhookId: string, id: string): Promise<FoundDelivery | null> {
      const [row] = await db.$queryRaw<FoundDelivery[]>`
      UPDATE deliveries SET state = 'pending', finished_at = NULL
      WHERE ${webhookScope(orgId, webhookId)} AND id = ${id}::uuid RETURNING ${COLUMNS}`;
      return row ?? null;
    },

    /** Sends again what was handed over since then and is not `pending`: the oldest, where there are more than MOST_REPLAYED. */
    async replayAll(orgId: number | null, webhookId: string, since: Date | null): Promise<number> {
      return db.$executeRaw`
      UPDATE deliveries SET state = 'pending', finished_at = NULL WHERE id = ANY(ARRAY(
        SELECT id FROM deliveries WHERE ${createdSince(orgId, webhookId, since)} AND state <> 'pending'
        ORDER BY position, id LIMIT ${MAX_REPLAYED}::int))`;
    },

    async countPendingForWebhook(
      orgId: number | null,
      webhookId: string,
      since: Date | null,
    ): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
      SELECT count(*)::int AS count FROM deliveries WHERE ${createdSince(orgId, webhookId, since)} AND ${pendingCondition('webhook')}`;
      return row.count;
    },

    /** Ends up to `limit` that wait for a webhook which is no more. */
    async pruneOrphans(webhookIds: string[], limit: number): Promise<number> {
      return db.$executeRaw`
      DELETE FROM deliveries WHERE id = ANY(ARRAY(
        SELECT id FROM deliveries WHERE ${pendingCondition('webhook')} AND receiver = ANY(${webhookIds}::text[])
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))`;
    },

    /** Webhooks that something waits for. */
    async listPendingWebhookIds(): Promise<string[]> {
      const rows = await db.$queryRaw<{ receiver: string }[]>`${pendingWebhookIds()}`;
      return rows.map(({ receiver }) => receiver);
    },

    /** Forgets up to `limit` that ended longer than `days` ago, with their attempts. */
    async pruneFinished(days: number, limit: number): Promise<number> {
      return db.$executeRaw`
      DELETE FROM deliveries WHERE id = ANY(ARRAY(
        SELECT id FROM deliveries WHERE finished_at < now() - make_interval(days => ${days}::int)
        ORDER BY finished_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))`;
    },

    /** Forgets up to `limit` emails that wait for longer than `days`: nobody sends any. */
    async pruneStaleEmails(days: number, limit: number): Promise<number> {
      return db.$executeRaw`
      DELETE FROM deliveries WHERE id = ANY(ARRAY(
        SELECT id FROM deliveries WHERE ${pendingCondition('email')} AND due_at < now() - make_interval(days => ${days}::int)
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))`;
    },

    /** Forgets up to `limit` that these webhooks, which are disabled, were handed longer than `days` ago. */
    async pruneForDisabledWebhooks(webhookIds: string[], days: number, limit: number): Promise<number> {
      return db.$executeRaw`
      DELETE FROM deliveries WHERE id = ANY(ARRAY(
        SELECT id FROM deliveries WHERE ${pendingCondition('webhook')} AND receiver = ANY(${webhookIds}::text[])
          AND created_at < now() - make_interval(days => ${days}::int)
        LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))`;
    },
  };
}

// Written out: the planner must see that the partial index holds them.
function pendingCondition(channel: 'webhook' | 'email'): Prisma.Sql {
  return channel === 'webhook'
    ? Prisma.sql`state = 'pending' AND channel = 'webhook'`
    : Prisma.sql`state = 'pending' AND channel = 'email'`;
}

function webhookScope(orgId: number | null, webhookId: string): Prisma.Sql {
  return Prisma.sql`${orgScope(orgId)} AND channel = 'webhook' AND receiver = ${webhookId}`;
}

function createdSince(orgId: number | null, webhookId: string, since: Date | null): Prisma.Sql {
  return Prisma.sql`${webhookScope(orgId, webhookId)} AND ${since ? Prisma.sql`created_at >= ${since}` : Prisma.sql`TRUE`}`;
}
