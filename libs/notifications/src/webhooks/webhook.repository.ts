import type { Page, Paged } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import { pendingWebhookIds } from '../deliveries/delivery.repository.ts';
import type { FoundWebhook } from './webhook.ts';

export type NewWebhookRow = Pick<FoundWebhook, 'id' | 'orgId' | 'url' | 'eventTypes' | 'enabled'> & {
  description: string | null;
  secret: string;
};

/** Partial update: omitted fields keep their value. */
export interface WebhookChange {
  url?: string | undefined;
  eventTypes?: string[] | undefined;
  description?: string | null | undefined;
  enabled?: boolean | undefined;
  secret?: string | undefined;
}

export interface Subscriber {
  id: string;
  orgId: number;
  eventTypes: string[];
}

/** A webhook that this worker has claimed, as it was when the lease was renewed. */
export interface ClaimedWebhook {
  id: string;
  orgId: number;
  url: string;
  secret: string;
  failures: number;
  /** Version of its settings: the outcome of a request with older settings is not recorded. */
  updatedAt: Date;
}

/** A worker's exclusive claim on a webhook. */
export interface Lease {
  worker: string;
  seconds: number;
}

export interface ClaimOptions {
  /** Whether to claim those that fail or respond slowly, or the others. */
  slow: boolean;
  /** Webhooks that this worker serves now. */
  inFlight: string[];
  limit: number;
}

/** A failed attempt, and its consequences. */
export interface WebhookFailure {
  /** Time until the next attempt. */
  delaySeconds: number;
  /** Time since the first failure after which the webhook is disabled. */
  giveUpAfterSeconds: number;
  /** Shown if it is disabled. */
  reason: string;
}

const COLUMNS = Prisma.sql`
  id, org_id AS "orgId", url, event_types AS "eventTypes", description, enabled,
  disabled_reason AS "disabledReason", failures, failing_since AS "failingSince",
  last_success_at AS "lastSuccessAt", last_failure_at AS "lastFailureAt",
  created_at AS "createdAt", updated_at AS "updatedAt"`;
const CLAIMED_COLUMNS = Prisma.sql`id, org_id AS "orgId", url, secret, failures, updated_at AS "updatedAt"`;

export function webhooks(db: Queryable) {
  return {
    /**
     * Needs a transaction: its lock makes the limit exact. Returns null if the organization has `limit`
     * webhooks.
     */
    async create(row: NewWebhookRow, limit: number): Promise<FoundWebhook | null> {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('webhooks'), ${row.orgId}::int)`;
      const [created] = await db.$queryRaw<FoundWebhook[]>`
        INSERT INTO webhooks (id, org_id, url, event_types, description, enabled, secret)
        SELECT ${row.id}::uuid, ${row.orgId}::int, ${row.url}, ${row.eventTypes}::text[], ${row.description},
          ${row.enabled}, ${row.secret}
        WHERE (
          SELECT count(*)
          FROM webhooks
          WHERE org_id = ${row.orgId}::int
        ) < ${limit}::int
        RETURNING ${COLUMNS}`;
      return created ?? null;
    },

    async find(orgId: number | null, id: string): Promise<FoundWebhook | null> {
      const [row] = await db.$queryRaw<FoundWebhook[]>`
        SELECT ${COLUMNS}
        FROM webhooks
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** The newest first. */
    async list(orgId: number | null, { limit, offset }: Page): Promise<Paged<FoundWebhook>> {
      const [items, [counted]] = await Promise.all([
        db.$queryRaw<FoundWebhook[]>`
          SELECT ${COLUMNS}
          FROM webhooks
          WHERE ${orgScope(orgId)}
          ORDER BY id DESC
          LIMIT ${limit}::int OFFSET ${offset}::int`,
        db.$queryRaw<[{ total: number }]>`
          SELECT count(*)::int AS total
          FROM webhooks
          WHERE ${orgScope(orgId)}`,
      ]);
      return { items, total: counted.total };
    },

    /**
     * Partial update: omitted fields keep their value. A new URL or secret, or enabling, makes pending
     * deliveries due now and clears the failures. Returns null if not found.
     */
    async update(orgId: number | null, id: string, change: WebhookChange): Promise<FoundWebhook | null> {
      const { url, eventTypes, description, enabled, secret } = change;
      const isReset = url !== undefined || secret !== undefined || enabled === true;
      const [row] = await db.$queryRaw<FoundWebhook[]>`
        UPDATE webhooks
        SET url = coalesce(${url ?? null}::text, url),
          event_types = coalesce(${eventTypes ?? null}::text[], event_types),
          description = CASE
            WHEN ${description !== undefined} THEN ${description ?? null}::text
            ELSE description
          END,
          enabled = coalesce(${enabled ?? null}::boolean, enabled),
          disabled_reason = CASE WHEN ${enabled === undefined} THEN disabled_reason END,
          secret = coalesce(${secret ?? null}::text, secret),
          due_at = CASE WHEN ${isReset} THEN now() ELSE due_at END,
          failures = CASE WHEN ${isReset} THEN 0 ELSE failures END,
          failing_since = CASE WHEN NOT ${isReset} THEN failing_since END,
          slow = slow AND NOT ${isReset},
          updated_at = clock_timestamp()
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}
        RETURNING ${COLUMNS}`;
      return row ?? null;
    },

    /** Returns whether it existed. */
    async delete(orgId: number | null, id: string): Promise<boolean> {
      const deleted = await db.$executeRaw`
        DELETE FROM webhooks
        WHERE id = ${id}::uuid
          AND ${orgScope(orgId)}`;
      return deleted > 0;
    },

    /** The enabled webhooks of these organizations. */
    listSubscribers(orgIds: number[]): Promise<Subscriber[]> {
      return db.$queryRaw`
        SELECT id, org_id AS "orgId", event_types AS "eventTypes"
        FROM webhooks
        WHERE org_id = ANY(${orgIds}::int[])
          AND enabled
        ORDER BY org_id, id`;
    },

    /** Ends a retry delay. */
    async makeDueNow(id: string): Promise<void> {
      await db.$executeRaw`
        UPDATE webhooks
        SET due_at = now()
        WHERE id = ${id}::uuid`;
    },

    /**
     * Claims up to `limit` due webhooks that have pending deliveries, the longest unserved first. Returns
     * their ids. The worker's own leases count only for webhooks `inFlight`: a lease is left over when its
     * release, or the response to its claim, was lost.
     */
    async claim({ worker, seconds }: Lease, { slow, inFlight, limit }: ClaimOptions): Promise<string[]> {
      const rows = await db.$queryRaw<{ id: string }[]>`
        UPDATE webhooks
        SET claimed_by = ${worker}::uuid,
          claimed_until = now() + make_interval(secs => ${seconds}::float8)
        WHERE id = ANY(ARRAY(
          SELECT id
          FROM webhooks
          WHERE enabled
            AND slow = ${slow}
            AND due_at <= now()
            AND (claimed_until IS NULL OR claimed_until <= now() OR claimed_by = ${worker}::uuid)
            AND id <> ALL(${inFlight}::uuid[])
            AND id IN (${pendingWebhookIds()})
          ORDER BY claimed_until NULLS FIRST
          LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED))
        RETURNING id`;
      return rows.map(({ id }) => id);
    },

    /** Renews a lease. Returns null if it was lost, or if the webhook is disabled or not due. */
    async renew(id: string, { worker, seconds }: Lease): Promise<ClaimedWebhook | null> {
      const [row] = await db.$queryRaw<ClaimedWebhook[]>`
        UPDATE webhooks
        SET claimed_until = now() + make_interval(secs => ${seconds}::float8)
        WHERE id = ${id}::uuid
          AND claimed_by = ${worker}::uuid
          AND enabled
          AND due_at <= now()
        RETURNING ${CLAIMED_COLUMNS}`;
      return row ?? null;
    },

    /** Lets other workers claim it. */
    async release(id: string, worker: string): Promise<void> {
      await db.$executeRaw`
        UPDATE webhooks
        SET claimed_by = NULL, claimed_until = now()
        WHERE id = ${id}::uuid
          AND claimed_by = ${worker}::uuid`;
    },

    async recordSuccess({ id, updatedAt }: ClaimedWebhook, slow: boolean): Promise<void> {
      await db.$executeRaw`
        UPDATE webhooks
        SET last_success_at = now(), failures = 0, failing_since = NULL, slow = ${slow}
        WHERE id = ${id}::uuid
          AND updated_at = ${updatedAt}`;
    },

    /**
     * Postpones the next attempt, or disables a webhook that has failed for too long. Returns whether it
     * disabled it.
     */
    async recordFailure(
      { id, updatedAt }: ClaimedWebhook,
      { delaySeconds, giveUpAfterSeconds, reason }: WebhookFailure,
    ): Promise<boolean> {
      const isOver = Prisma.sql`
        now() - coalesce(failing_since, now()) >= make_interval(secs => ${giveUpAfterSeconds}::float8)`;
      const [row] = await db.$queryRaw<{ enabled: boolean }[]>`
        UPDATE webhooks
        SET last_failure_at = now(),
          failures = failures + 1,
          failing_since = coalesce(failing_since, now()),
          slow = TRUE,
          due_at = now() + make_interval(secs => ${delaySeconds}::float8),
          enabled = NOT (${isOver}),
          disabled_reason = CASE WHEN ${isOver} THEN ${reason} END
        WHERE id = ${id}::uuid
          AND updated_at = ${updatedAt}
          AND enabled
        RETURNING enabled`;
      return row?.enabled === false;
    },

    /** Those of `ids` that were deleted, and those that are disabled. */
    async partitionInactive(ids: string[]): Promise<{ deleted: string[]; disabled: string[] }> {
      const rows = await db.$queryRaw<{ id: string; enabled: boolean }[]>`
        SELECT id, enabled
        FROM webhooks
        WHERE id = ANY(${ids}::uuid[])`;
      const found = new Map(rows.map(({ id, enabled }) => [id, enabled]));
      return {
        deleted: ids.filter((id) => !found.has(id)),
        disabled: ids.filter((id) => found.get(id) === false),
      };
    },
  };
}
