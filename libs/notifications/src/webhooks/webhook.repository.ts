import type { Page, Paged } from '@oriontel/contracts';
import { orgScope, Prisma, type Queryable } from '@oriontel/database';
import { pendingWebhookIds } from '../deliveries/delivery.repository.ts';
import type { FoundWebhook } from './webhook.ts';

export type NewWebhookRow = Pick<FoundWebhook, 'id' | 'orgId' | 'url' | 'eventTypes' | 'enabled'> & {
  description: string | null;
  secret: string;
};

/** What a change may set; the rest stays. */
export interface WebhookChange {
  url?: string | undefined;
  eventTypes?: string[] | undefined;
  description?: string | null | undefined;
  enabled?: boolean | undefined;
  secret?: string | undefined;
}

/** Who wants to be told of what. */
export interface Subscriber {
  id: string;
  orgId: number;
  eventTypes: string[];
}

/** A webhook that this worker serves, as it is now. */
export interface ClaimedWebhook {
  id: string;
  orgId: number;
  url: string;
  secret: string;
  failures: number;
  /** Of its settings: a failure of what has been changed meanwhile tells nothing of what it is now. */
  updatedAt: Date;
}

/** A worker's claim to serve a webhook alone. */
export interface Lease {
  worker: string;
  seconds: number;
}

const COLUMNS = Prisma.sql`id, org_id AS "orgId", url, event_types AS "eventTypes", description, enabled,
  disabled_reason AS "disabledReason", failures, failing_since AS "failingSince", last_success_at AS "lastSuccessAt",
  last_failure_at AS "lastFailureAt", created_at AS "createdAt", updated_at AS "updatedAt"`;
const CLAIMED_COLUMNS = Prisma.sql`id, org_id AS "orgId", url, secret, failures, updated_at AS "updatedAt"`;

/** The only file that speaks to the webhooks table. */
export function webhooks(db: Queryable) {
  return {
    /** Null where the organization has `most` already. Makers of one organization wait for each other: they count right. */
    async create(row: NewWebhookRow, most: number): Promise<FoundWebhook | null> {
      await db.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('webhooks'), ${row.orgId}::int)`;
      const [made] = await db.$queryRaw<FoundWebhook[]>`
      INSERT INTO webhooks (id, org_id, url, event_types, description, enabled, secret)
      SELECT ${row.id}::uuid, ${row.orgId}::int, ${row.url}, ${row.eventTypes}::text[], ${row.description}, ${row.enabled}, ${row.secret}
      WHERE (SELECT count(*) FROM webhooks WHERE org_id = ${row.orgId}::int) < ${most}::int RETURNING ${COLUMNS}`;
      return made ?? null;
    },

    async find(orgId: number | null, id: string): Promise<FoundWebhook | null> {
      const [row] = await db.$queryRaw<FoundWebhook[]>`
      SELECT ${COLUMNS} FROM webhooks WHERE id = ${id}::uuid AND ${orgScope(orgId)}`;
      return row ?? null;
    },

    /** Newest first. */
    async list(orgId: number | null, { limit, offset }: Page): Promise<Paged<FoundWebhook>> {
      const [items, [counted]] = await Promise.all([
        db.$queryRaw<FoundWebhook[]>`
        SELECT ${COLUMNS} FROM webhooks WHERE ${orgScope(orgId)}
        ORDER BY id DESC LIMIT ${limit}::int OFFSET ${offset}::int`,
        db.$queryRaw<
          [{ total: number }]
        >`SELECT count(*)::int AS total FROM webhooks WHERE ${orgScope(orgId)}`,
      ]);
      return { items, total: counted.total };
    },

    /** What is new to it shall be tried at once, and without what was held against it before. Null where there is none. */
    async update(orgId: number | null, id: string, change: WebhookChange): Promise<FoundWebhook | null> {
      const { url, eventTypes, description, enabled, secret } = change;
      const anew = url !== undefined || secret !== undefined || enabled === true;
      const [row] = await db.$queryRaw<FoundWebhook[]>`
      UPDATE webhooks SET url = coalesce(${url ?? null}::text, url),
        event_types = coalesce(${eventTypes ?? null}::text[], event_types),
        description = CASE WHEN ${description !== undefined} THEN ${description ?? null}::text ELSE description END,
        enabled = coalesce(${enabled ?? null}::boolean, enabled),
        disabled_reason = CASE WHEN ${enabled === undefined} THEN disabled_reason END,
        secret = coalesce(${secret ?? null}::text, secret),
        due_at = CASE WHEN ${anew} THEN now() ELSE due_at END, failures = CASE WHEN ${anew} THEN 0 ELSE failures END,
        failing_since = CASE WHEN NOT ${anew} THEN failing_since END, slow = slow AND NOT ${anew},
        updated_at = clock_timestamp()
      WHERE id = ${id}::uuid AND ${orgScope(orgId)} RETURNING ${COLUMNS}`;
      return row ?? null;
    },

    /** Returns whether there was one. */
    async delete(orgId: number | null, id: string): Promise<boolean> {
      return (await db.$executeRaw`DELETE FROM webhooks WHERE id = ${id}::uuid AND ${orgScope(orgId)}`) > 0;
    },

    /** The enabled ones of these organizations. */
    listSubscribers(orgIds: number[]): Promise<Subscriber[]> {
      return db.$queryRaw`
    SELECT id, org_id AS "orgId", event_types AS "eventTypes" FROM webhooks
    WHERE org_id = ANY(${orgIds}::int[]) AND enabled ORDER BY org_id, id`;
    },

    /** What waits is tried now, however long it was to wait. */
    async makeDueNow(id: string): Promise<void> {
      await db.$executeRaw`UPDATE webhooks SET due_at = now() WHERE id = ${id}::uuid`;
    },

    /** Takes up to `limit` that something waits for and nobody serves: those that were not served for the longest time first. */
    async claim({ worker, seconds }: Lease, slow: boolean, limit: number): Promise<string[]> {
      const rows = await db.$queryRaw<{ id: string }[]>`
      UPDATE webhooks SET claimed_by = ${worker}::uuid, claimed_until = now() + make_interval(secs => ${seconds}::float8)
      WHERE id = ANY(ARRAY(
        SELECT id FROM webhooks WHERE enabled AND slow = ${slow} AND due_at <= now()
          AND (claimed_until IS NULL OR claimed_until <= now()) AND id IN (${pendingWebhookIds()})
        ORDER BY claimed_until NULLS FIRST LIMIT ${limit}::int FOR UPDATE SKIP LOCKED))
      RETURNING id`;
      return rows.map(({ id }) => id);
    },

    /** Keeps a lease. Null where it was lost, or where there is nothing to serve any more. */
    async renew(id: string, { worker, seconds }: Lease): Promise<ClaimedWebhook | null> {
      const [row] = await db.$queryRaw<ClaimedWebhook[]>`
      UPDATE webhooks SET claimed_until = now() + make_interval(secs => ${seconds}::float8)
      WHERE id = ${id}::uuid AND claimed_by = ${worker}::uuid AND enabled AND due_at <= now() RETURNING ${CLAIMED_COLUMNS}`;
      return row ?? null;
    },

    /** Others may serve it. */
    async release(id: string, worker: string): Promise<void> {
      await db.$executeRaw`
      UPDATE webhooks SET claimed_by = NULL, claimed_until = now() WHERE id = ${id}::uuid AND claimed_by = ${worker}::uuid`;
    },

    async recordSuccess({ id, updatedAt }: ClaimedWebhook, slow: boolean): Promise<void> {
      await db.$executeRaw`
      UPDATE webhooks SET last_success_at = now(), failures = 0, failing_since = NULL, slow = ${slow}
      WHERE id = ${id}::uuid AND updated_at = ${updatedAt}`;
    },

    /** Not tried again for `delay` seconds; disabled where it fails since `giveUp` seconds. Returns whether it was disabled. */
    async recordFailure(
      { id, updatedAt }: ClaimedWebhook,
      { delay, giveUp, reason }: { delay: number; giveUp: number; reason: string },
    ): Promise<boolean> {
      const isOver = Prisma.sql`now() - coalesce(failing_since, now()) >= make_interval(secs => ${giveUp}::float8)`;
      const [row] = await db.$queryRaw<{ enabled: boolean }[]>`
      UPDATE webhooks SET last_failure_at = now(), failures = failures + 1, failing_since = coalesce(failing_since, now()),
        slow = TRUE, due_at = now() + make_interval(secs => ${delay}::float8),
        enabled = NOT ${isOver}, disabled_reason = CASE WHEN ${isOver} THEN ${reason} END
      WHERE id = ${id}::uuid AND updated_at = ${updatedAt} AND enabled RETURNING enabled`;
      return row?.enabled === false;
    },

    /** Of `ids`, those that are no more, and those that are disabled. */
    async partitionInactive(ids: string[]): Promise<{ gone: string[]; disabled: string[] }> {
      const rows = await db.$queryRaw<{ id: string; enabled: boolean }[]>`
      SELECT id, enabled FROM webhooks WHERE id = ANY(${ids}::uuid[])`;
      const found = new Map(rows.map(({ id, enabled }) => [id, enabled]));
      return {
        gone: ids.filter((id) => !found.has(id)),
        disabled: ids.filter((id) => found.get(id) === false),
      };
    },
  };
}
