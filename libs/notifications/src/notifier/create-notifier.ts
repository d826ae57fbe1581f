import type { Queryable } from '@oriontel/database';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { NotifiableEvent, Notify } from '../notifiable-event.ts';
import { applyHourlyQuota } from './apply-hourly-quota.ts';
import { buildNotification } from './build-notification.ts';
import { isQuiet } from './is-quiet.ts';
import { matchRules, type OrgMatches } from './match-rules.ts';
import type { NotifierRules } from './notifier-rules.ts';
import { planNotifications, type RecipientLookup } from './plan-notifications.ts';
import { summarizeSuppressed, type SuppressedNotifications } from './summarize-suppressed.ts';

export interface NotifierOptions extends RecipientLookup {
  /** The notifier settings of those organizations that have any. The app passes it. */
  findRules: (tx: Queryable, orgIds: number[]) => Promise<Map<number, NotifierRules>>;
  onSuppressed: (suppressed: SuppressedNotifications) => void;
  now?: (() => Date) | undefined;
}

/** Limits a statement: texts may be long, and the payload of a text message contains the event. */
const DELIVERIES_PER_INSERT = 50;

/**
 * Creates the deliveries that notifier rules demand, in the transaction that stores the events. What quiet
 * hours or the hourly maximum suppress is not sent later (docs/decisions/0009-notifications.md).
 */
export function createNotifier({
  findRules,
  onSuppressed,
  now = () => new Date(),
  ...lookup
}: NotifierOptions): Notify {
  return async function notifyByRules(tx: Queryable, events: NotifiableEvent[]): Promise<void> {
    const at = now();
    const orgIds = new Set(events.map(({ orgId }) => orgId));
    const matches = matchRules(events, await findRules(tx, [...orgIds]));
    const isSuppressed = ({ orgRules }: OrgMatches): boolean => isQuiet(orgRules.quietHours, at);
    const inQuietHours = matches.filter(isSuppressed).flatMap(({ matched }) => matched);
    summarizeSuppressed('quiet hours', inQuietHours).forEach(onSuppressed);

    const active = matches.filter((match) => !isSuppressed(match));
    if (!active.length) return;
    const plans = await planNotifications(tx, active, lookup);
    const truncated = plans.flatMap((plan) => plan.truncated);
    summarizeSuppressed('too many of one event', truncated).forEach(onSuppressed);

    const { granted, rejected } = await applyHourlyQuota(tx, plans, at);
    summarizeSuppressed('hourly maximum', rejected).forEach(onSuppressed);
    for (let i = 0; i < granted.length; i += DELIVERIES_PER_INSERT)
      await deliveries(tx).insert(granted.slice(i, i + DELIVERIES_PER_INSERT).map(buildNotification));
  };
}
