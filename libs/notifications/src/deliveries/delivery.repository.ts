import type { Page, Paged } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import { isPendingBefore } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import type { DeliveryState, NewDelivery, OutgoingDelivery } from './delivery.ts';
import type { FoundDelivery } from './found-delivery.ts';

export interface DeliveryFilter {
  state?: DeliveryState | undefined;
  eventId?: string | undefined;
}

/** `isHeld`: an older event of its organization is not stored yet, so the delivery has to wait. */
export type NextDelivery = OutgoingDelivery & { isHeld: boolean };

/** Deliveries that one call of `replayAll` sends again. */
export const MAX_REPLAYED = 10_000;

const OUTGOING_COLUMNS = Prisma.sql`
  id, org_id AS "orgId", event_id AS "eventId", receiver, nullif(rule_id, '') AS "ruleId", type,
  happened_at AS "at", message, attempts, created_at AS "createdAt"`;
const COLUMNS = Prisma.sql`
  id, event_id AS "eventId", nullif(rule_id, '') AS "ruleId", type, happened_at AS "at", state, attempts,
  created_at AS "createdAt", finished_at AS "finishedAt"`;

// Literals: with parameters the planner would not use the partial indexes.
const PENDING_WEBHOOK = Prisma.sql`state = 'pending' AND channel = 'webhook'`;
const PENDING_EMAIL = Prisma.sql`state = 'pending' AND channel = 'email'`;

/**
 * A subquery for the ids of webhooks that have pending deliveries: a loose index scan, one step per webhook.
 */
export function pendingWebhookIds(): Prisma.Sql {
  return Prisma.sql`
    WITH RECURSIVE waiting AS (
      (
        SELECT receiver
        FROM deliveries
        WHERE ${PENDING_WEBHOOK}
        ORDER BY receiver
        LIMIT 1
      )
      UNION ALL
      SELECT (
        SELECT receiver
        FROM deliveries
        WHERE ${PENDING_WEBHOOK}
          AND receiver > waiting.receiver
        ORDER BY receiver
        LIMIT 1
      )
      FROM waiting
      WHERE waiting.receiver IS NOT NULL
    )
    SELECT receiver::uuid
    FROM waiting
    WHERE receiver IS NOT NULL`;
}

/** A statement that counts an attempt of a delivery and sets its state; returns its id. */
export function countAttempt(id: string, state: DeliveryState): Prisma.Sql {
  return Prisma.sql`
    UPDATE deliveries
    SET attempts = attempts + 1,
      state = ${state},
      finished_at = CASE WHEN ${state}::text <> 'pending' THEN clock_timestamp() END
    WHERE id = ${id}::uuid
    RETURNING id`;
}

export function deliveries(db: Queryable) {
  return {
    /**
     * Adds deliveries, one per event, channel, receiver and rule; repeated ones are ignored. Sorted, so that
     * concurrent transactions do not deadlock. Returns the number added.
     */
    async insert(added: NewDelivery[]): Promise<number> {
      if (!added.length) return 0;
      const rows = added.map((delivery) => ({ ...delivery, id: uuidv7(), ruleId: delivery.ruleId ?? '' }));
      return db.$executeRaw`
        INSERT INTO deliveries
          (id, org_id, event_id, type, position, channel, receiver, rule_id, message, happened_at)
        SELECT id, "orgId", "eventId", type, position, channel, receiver, "ruleId", message, at
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS delivery(
          id uuid, "orgId" int, "eventId" text, type text, position uuid, channel text, receiver text,
          "ruleId" text, message json, at timestamptz)
        ORDER BY "orgId", "eventId", channel, receiver, "ruleId"
        ON CONFLICT DO NOTHING`;
    },

    /** Number of notifications of an event. */
    async countForEvent(orgId: number, eventId: string): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM deliveries
        WHERE org_id = ${orgId}::int
          AND event_id = ${eventId}`;
      return row.count;
    },

    async countPending(): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM deliveries
        WHERE state = 'pending'`;
      return row.count;
    },

    /**
     * The next delivery of a webhook. It is held while an event of its organization, accepted earlier but
     * after the UUIDv7 `since`, is in the intake of `queue`. One statement: that event is in the intake, or
     * its delivery is here.
     */
    async findNext(webhookId: string, queue: string, since: string): Promise<NextDelivery | null> {
      const orgId = Prisma.sql`head.org_id`;
      const before = Prisma.sql`head.position`;
      const [row] = await db.$queryRaw<NextDelivery[]>`
        SELECT ${OUTGOING_COLUMNS}, ${isPendingBefore(queue, { orgId, before, since })} AS "isHeld"
        FROM (
          SELECT *
          FROM deliveries
          WHERE receiver = ${webhookId}
            AND ${PENDING_WEBHOOK}
          ORDER BY position, id
          LIMIT 1
        ) AS head`;
      return row ?? null;
    },

    /** Claims up to `limit` due emails for `leaseSeconds`, the longest due first. */
    claimEmails(limit: number, leaseSeconds: number): Promise<OutgoingDelivery[]> {
      return db.$queryRaw`
        UPDATE deliveries
        SET due_at = now() + make_interval(secs => ${leaseSeconds}::float8)
        WHERE ${PENDING_EMAIL}
          AND id = ANY(ARRAY(
            SELECT id
            FROM deliveries
            WHERE ${PENDING_EMAIL}
              AND due_at <= now()
            ORDER BY due_at
            LIMIT ${limit}::int
            FOR UPDATE SKIP LOCKED))
        RETURNING ${OUTGOING_COLUMNS}`;
    },

    /** Makes an email due again after `delaySeconds`. */
    async postpone(id: string, delaySeconds: number): Promise<void> {
      await db.$executeRaw`
        UPDATE deliveries
        SET due_at = now() + make_interval(secs => ${delaySeconds}::float8)
        WHERE id = ${id}::uuid`;
    },

    /** The deliveries of a webhook, the newest first. */
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
          SELECT ${COLUMNS}
          FROM deliveries
          WHERE ${where}
          ORDER BY position DESC, id DESC
          LIMIT ${limit}::int OFFSET ${offset}::int`,
        db.$queryRaw<[{ total: number }]>`
          SELECT count(*)::int AS total
          FROM deliveries
          WHERE ${where}`,
      ]);
      return { items, total: counted.total };
    },

    async find(orgId: number | null, webhookId: string, id: string): Promise<FoundDelivery | null> {
      const [row] = await db.$queryRaw<FoundDelivery[]>`
        SELECT ${COLUMNS}
        FROM deliveries
        WHERE ${webhookScope(orgId, webhookId)}
          AND id = ${id}::uuid`;
      return row ?? null;
    },

    /** Makes a delivery pending again. Returns null if not found. */
    async replay(orgId: number | null, webhookId: string, id: string): Promise<FoundDelivery | null> {
      const [row] = await db.$queryRaw<FoundDelivery[]>`
        UPDATE deliveries
        SET state = 'pending', finished_at = NULL
        WHERE ${webhookScope(orgId, webhookId)}
          AND id = ${id}::uuid
        RETURNING ${COLUMNS}`;
      return row ?? null;
    },

    /**
     * Makes the oldest `MAX_REPLAYED` finished deliveries since a time pending again. Returns their number.
     */
    async replayAll(orgId: number | null, webhookId: string, since: Date | null): Promise<number> {
      return db.$executeRaw`
        UPDATE deliveries
        SET state = 'pending', finished_at = NULL
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM deliveries
          WHERE ${createdSince(orgId, webhookId, since)}
            AND state <> 'pending'
          ORDER BY position, id
          LIMIT ${MAX_REPLAYED}::int))`;
    },

    async countPendingForWebhook(
      orgId: number | null,
      webhookId: string,
      since: Date | null,
    ): Promise<number> {
      const [row] = await db.$queryRaw<[{ count: number }]>`
        SELECT count(*)::int AS count
        FROM deliveries
        WHERE ${createdSince(orgId, webhookId, since)}
          AND ${PENDING_WEBHOOK}`;
      return row.count;
    },

    /** Deletes up to `limit` pending deliveries of these webhooks, which were deleted. */
    async pruneOrphans(webhookIds: string[], limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM deliveries
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM deliveries
          WHERE ${PENDING_WEBHOOK}
            AND receiver = ANY(${webhookIds}::text[])
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))`;
    },

    async listPendingWebhookIds(): Promise<string[]> {
      const rows = await db.$queryRaw<{ receiver: string }[]>`${pendingWebhookIds()}`;
      return rows.map(({ receiver }) => receiver);
    },

    /** Deletes up to `limit` deliveries that ended more than `days` days ago, with their attempts. */
    async pruneFinished(days: number, limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM deliveries
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM deliveries
          WHERE finished_at < now() - make_interval(days => ${days}::int)
          ORDER BY finished_at
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))`;
    },

    /**
     * Deletes up to `limit` emails that have been due for more than `days` days, since no worker sends
     * emails.
     */
    async pruneStaleEmails(days: number, limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM deliveries
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM deliveries
          WHERE ${PENDING_EMAIL}
            AND due_at < now() - make_interval(days => ${days}::int)
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))`;
    },

    /**
     * Deletes up to `limit` pending deliveries of these disabled webhooks that are more than `days` days old.
     */
    async pruneForDisabledWebhooks(webhookIds: string[], days: number, limit: number): Promise<number> {
      return db.$executeRaw`
        DELETE FROM deliveries
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM deliveries
          WHERE ${PENDING_WEBHOOK}
            AND receiver = ANY(${webhookIds}::text[])
            AND created_at < now() - make_interval(days => ${days}::int)
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))`;
    },
  };
}

function webhookScope(orgId: number | null, webhookId: string): Prisma.Sql {
  return Prisma.sql`${orgScope(orgId)} AND channel = 'webhook' AND receiver = ${webhookId}`;
}

function createdSince(orgId: number | null, webhookId: string, since: Date | null): Prisma.Sql {
  const scope = webhookScope(orgId, webhookId);
  return since ? Prisma.sql`${scope} AND created_at >= ${since}` : scope;
}
