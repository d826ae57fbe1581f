import type { Queryable } from '@oriontel/database';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import { summarizeSuppressed, type SuppressedNotifications } from './summarize-suppressed.ts';
import { isQuiet } from './is-quiet.ts';
import type { NotifierRules } from './notifier-rules.ts';
import { planNotifications, type RecipientLookup } from './plan-notifications.ts';
import { matchRules, type OrgMatches } from './match-rules.ts';
import { applyHourlyQuota } from './apply-hourly-quota.ts';
import { buildNotification } from './build-notification.ts';

export interface NotifierOptions extends RecipientLookup {
  /** The rules of those organizations that have any. The app hands it over. */
  findRules: (tx: Queryable, orgIds: number[]) => Promise<Map<number, NotifierRules>>;
  onSuppressed: (held: SuppressedNotifications) => void;
  now?: () => Date;
}

/** Deliveries of one statement: their texts may be long, and so may the event in a text message's payload. */
const DELIVERIES_PER_INSERT = 50;

/**
 * Hands to delivery what notifier rules say of `events`, in the transaction that stores them. What quiet hours and the hourly
 * maximum hold back is not kept for later (docs/decisions/0009-notifications.md).
 */
export function createNotifier({
  findRules,
  onSuppressed,
  now = () => new Date(),
  ...reach
}: NotifierOptions) {
  return async function notifyByRules(tx: Queryable, events: NotifiableEvent[]): Promise<void> {
    const at = now();
    const heard = matchRules(events, await findRules(tx, [...new Set(events.map(({ orgId }) => orgId))]));
    const sleeps = ({ orgRules }: OrgMatches): boolean => isQuiet(orgRules.quietHours, at);
    const inQuietHours = heard.filter(sleeps).flatMap(({ matched }) => matched);
    summarizeSuppressed('quiet hours', inQuietHours).forEach(onSuppressed);

    const awake = heard.filter((one) => !sleeps(one));
    if (!awake.length) return;
    const plans = await planNotifications(tx, awake, reach);
    const cut = plans.flatMap((plan) => plan.truncated);
    summarizeSuppressed('too many of one event', cut).forEach(onSuppressed);

    const { granted, left } = await applyHourlyQuota(tx, plans, at);
    summarizeSuppressed('hourly maximum', left).forEach(onSuppressed);
    for (let i = 0; i < granted.length; i += DELIVERIES_PER_INSERT)
      await deliveries(tx).insert(granted.slice(i, i + DELIVERIES_PER_INSERT).map(buildNotification));
  };
}
