import type { Queryable } from '@oriontel/database';

/** What an organization would like to send, and what it may in an hour. */
export interface QuotaRequest {
  orgId: number;
  wanted: number;
  most: number;
}

const HOUR_MS = 3_600_000;

/** The only file that speaks to the notification_hours table. */
export function notificationHours(db: Queryable) {
  return {
    /**
     * Grants each organization what is left to it of the hour of the clock that `now` lies in, and counts it as sent. Holds off
     * others who ask for the same organizations until the transaction ends, so that together they never get more.
     */
    async grantQuota(asked: QuotaRequest[], now: Date): Promise<Map<number, number>> {
      const hour = new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS);
      // A clock that is behind by less than an hour counts in the hour that others have begun. By key: all take their locks in one order.
      const held = await db.$queryRaw<{ orgId: number; sent: number }[]>`
      INSERT INTO notification_hours AS counted (org_id, hour, sent)
      SELECT org_id, ${hour}, 0 FROM unnest(${asked.map(({ orgId }) => orgId)}::int[]) AS org_id ORDER BY org_id
      ON CONFLICT (org_id) DO UPDATE SET
        hour = CASE WHEN counted.hour - excluded.hour = interval '1 hour' THEN counted.hour ELSE excluded.hour END,
        sent = CASE WHEN counted.hour - excluded.hour IN (interval '0', interval '1 hour') THEN counted.sent ELSE 0 END
      RETURNING org_id AS "orgId", sent`;
      const sentBy = new Map(held.map(({ orgId, sent }) => [orgId, sent]));
      const granted = asked.map(({ orgId, wanted, most }) => ({
        orgId,
        granted: Math.max(0, Math.min(wanted, most - (sentBy.get(orgId) ?? 0))),
      }));
      await db.$executeRaw`
      UPDATE notification_hours SET sent = sent + granted
      FROM json_to_recordset(${JSON.stringify(granted)}::json) AS share("orgId" int, granted int) WHERE org_id = share."orgId"`;
      return new Map(granted.map((share) => [share.orgId, share.granted]));
    },
  };
}
