import type { Queryable } from '@oriontel/database';

export interface QuotaRequest {
  orgId: number;
  /** Notifications to be sent. */
  requested: number;
  maxPerHour: number;
}

const HOUR_MS = 3_600_000;

/** Notifications of each organization in the latest hour. */
export function notificationHours(db: Queryable) {
  return {
    /**
     * Grants each organization what is left of its quota in the hour of the clock that contains `now`, and
     * counts it as sent. Needs a transaction: it locks the rows until the end, so that concurrent grants
     * never exceed the quota.
     */
    async grantQuota(requests: QuotaRequest[], now: Date): Promise<Map<number, number>> {
      const hour = new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS);
      const orgIds = requests.map(({ orgId }) => orgId);
      // A clock that is behind by less than an hour counts in the hour that another has begun. Ordered: no
      // deadlocks.
      const rows = await db.$queryRaw<{ orgId: number; sent: number }[]>`
        INSERT INTO notification_hours AS counted (org_id, hour, sent)
        SELECT org_id, ${hour}, 0
        FROM unnest(${orgIds}::int[]) AS org_id
        ORDER BY org_id
        ON CONFLICT (org_id) DO UPDATE
        SET hour = CASE
            WHEN counted.hour - excluded.hour = interval '1 hour' THEN counted.hour
            ELSE excluded.hour
          END,
          sent = CASE
            WHEN counted.hour - excluded.hour IN (interval '0', interval '1 hour') THEN counted.sent
            ELSE 0
          END
        RETURNING org_id AS "orgId", sent`;
      const sentByOrg = new Map(rows.map(({ orgId, sent }) => [orgId, sent]));
      const grants = requests.map(({ orgId, requested, maxPerHour }) => ({
        orgId,
        granted: Math.max(0, Math.min(requested, maxPerHour - (sentByOrg.get(orgId) ?? 0))),
      }));
      await db.$executeRaw`
        UPDATE notification_hours
        SET sent = sent + granted
        FROM json_to_recordset(${JSON.stringify(grants)}::json) AS quota("orgId" int, granted int)
        WHERE org_id = quota."orgId"`;
      return new Map(grants.map(({ orgId, granted }) => [orgId, granted]));
    },
  };
}
