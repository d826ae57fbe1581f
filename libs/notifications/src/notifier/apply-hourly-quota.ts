import type { Queryable } from '@oriontel/database';
import type { PlannedNotification } from './list-receivers.ts';
import { notificationHours } from './notification-hour.repository.ts';
import type { NotificationPlan } from './plan-notifications.ts';

/** The first ones of each plan, as many as are left to its organization in the hour of `at`, and the others. */
export async function applyHourlyQuota(
  tx: Queryable,
  plans: NotificationPlan[],
  at: Date,
): Promise<{ granted: PlannedNotification[]; left: PlannedNotification[] }> {
  const asked = plans
    .filter(({ wanted, maxPerHour }) => wanted.length && maxPerHour)
    .map(({ orgId, wanted, maxPerHour }) => ({ orgId, wanted: wanted.length, most: maxPerHour }));
  const shares = asked.length ? await notificationHours(tx).grantQuota(asked, at) : new Map<number, number>();
  const shareOf = ({ orgId }: NotificationPlan): number => shares.get(orgId) ?? 0;
  return {
    granted: plans.flatMap((plan) => plan.wanted.slice(0, shareOf(plan))),
    left: plans.flatMap((plan) => plan.wanted.slice(shareOf(plan))),
  };
}
