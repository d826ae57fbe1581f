import type { Queryable } from '@oriontel/database';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { AcceptedEvent } from '../events/entity-event.ts';
import { heldBack, type HeldBack } from './held-back.ts';
import { isQuiet } from './is-quiet.ts';
import type { NotifierRules } from './notifier-rules.ts';
import { planNotifications, type Reach } from './plan-notifications.ts';
import { rulesFor, type Heard } from './rules-for.ts';
import { withinTheHour } from './within-the-hour.ts';
import { writeNotification } from './write-notification.ts';

export interface NotifierOptions extends Reach {
  /** The rules of those organizations that have any. The app hands it over. */
  settingsOf: (tx: Queryable, orgIds: number[]) => Promise<Map<number, NotifierRules>>;
  onHeldBack: (held: HeldBack) => void;
  now?: () => Date;
}

/** Deliveries of one statement: their texts may be long, and so may the event in a text message's payload. */
const AT_ONCE = 50;

/**
 * Hands to delivery what notifier rules say of `events`, in the transaction that stores them. What quiet hours and the hourly
 * maximum hold back is not kept for later (docs/decisions/0009-notifications.md).
 */
export const openNotifier =
  ({ settingsOf, onHeldBack, now = () => new Date(), ...reach }: NotifierOptions) =>
  async (tx: Queryable, events: AcceptedEvent[]): Promise<void> => {
    const at = now();
    const heard = rulesFor(events, await settingsOf(tx, [...new Set(events.map(({ orgId }) => orgId))]));
    const sleeps = ({ own }: Heard): boolean => isQuiet(own.quietHours, at);
    const inQuietHours = heard.filter(sleeps).flatMap(({ told }) => told);
    heldBack('quiet hours', inQuietHours).forEach(onHeldBack);

    const awake = heard.filter((one) => !sleeps(one));
    if (!awake.length) return;
    const plans = await planNotifications(tx, awake, reach);
    const cut = plans.flatMap((plan) => plan.cut);
    heldBack('too many of one event', cut).forEach(onHeldBack);

    const { granted, left } = await withinTheHour(tx, plans, at);
    heldBack('hourly maximum', left).forEach(onHeldBack);
    for (let i = 0; i < granted.length; i += AT_ONCE)
      await deliveries(tx).insert(granted.slice(i, i + AT_ONCE).map(writeNotification));
  };
