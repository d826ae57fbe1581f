import type { Queryable } from '@oriontel/database';
import type { PlannedNotification } from './list-receivers.ts';
import { notificationHours } from './notification-hour.repository.ts';
import type { NotificationPlan } from './plan-notifications.ts';

export interface QuotaResult {
  granted: PlannedNotification[];
  /** Beyond the hourly maximum of their organization. */
  rejected: PlannedNotification[];
}

/**
 * Splits each plan by what is left of its organization's quota in the hour of `at`; counts the granted ones.
 */
export async function applyHourlyQuota(
  tx: Queryable,
  plans: NotificationPlan[],
  at: Date,
): Promise<QuotaResult> {
  const requests = plans
    .filter(({ notifications, maxPerHour }) => notifications.length && maxPerHour)
    .map(({ orgId, notifications, maxPerHour }) => ({ orgId, requested: notifications.length, maxPerHour }));
  const grants = requests.length
    ? await notificationHours(tx).grantQuota(requests, at)
    : new Map<number, number>();
  const grantOf = ({ orgId }: NotificationPlan): number => grants.get(orgId) ?? 0;
  return {
    granted: plans.flatMap((plan) => plan.notifications.slice(0, grantOf(plan))),
    rejected: plans.flatMap((plan) => plan.notifications.slice(grantOf(plan))),
  };
}
