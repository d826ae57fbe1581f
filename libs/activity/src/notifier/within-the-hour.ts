import type { Queryable } from '@oriontel/database';
import type { Wanted } from './list-receivers.ts';
import { notificationHours } from './notification-hour.repository.ts';
import type { Plan } from './plan-notifications.ts';

/** The first ones of each plan, as many as are left to its organization in the hour of `at`, and the others. */
export const withinTheHour = async (
  tx: Queryable,
  plans: Plan[],
  at: Date,
): Promise<{ granted: Wanted[]; left: Wanted[] }> => {
  const asked = plans
    .filter(({ wanted, most }) => wanted.length && most)
    .map(({ orgId, wanted, most }) => ({ orgId, wanted: wanted.length, most }));
  const shares = asked.length ? await notificationHours(tx).take(asked, at) : new Map<number, number>();
  const shareOf = ({ orgId }: Plan): number => shares.get(orgId) ?? 0;
  return {
    granted: plans.flatMap((plan) => plan.wanted.slice(0, shareOf(plan))),
    left: plans.flatMap((plan) => plan.wanted.slice(shareOf(plan))),
  };
};
