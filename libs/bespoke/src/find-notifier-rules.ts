import type { JsonObject } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { bespokeSettings } from './bespoke-setting.repository.ts';
import { DeliveryPreferences, DEFAULT_MAX_PER_HOUR, NotificationRule } from './notifier.ts';

/** What the notifiers of these organizations do, for whoever notifies: of those that have settings. */
export async function findNotifierRules(tx: Queryable, orgIds: number[]) {
  const found = await bespokeSettings(tx).findForOrganizations(orgIds, 'notifier');
  return new Map([...found].map(([orgId, settings]) => [orgId, toNotifierRules(settings)]));
}

/** A rule that was stored before it was a mistake is none: it shall not hold up the events that it speaks of. */
function toNotifierRules({ notification_rules: rules, delivery_preferences: preferences }: JsonObject) {
  const { quiet_hours: quiet, max_notifications_per_hour: most = DEFAULT_MAX_PER_HOUR } =
    DeliveryPreferences.safeParse(preferences).data ?? {};
  return {
    rules: (Array.isArray(rules) ? rules : []).flatMap((rule) => {
      const read = NotificationRule.safeParse(rule);
      return read.success ? [toRule(read.data)] : [];
    }),
    quietHours: quiet?.enabled ? { start: quiet.start, end: quiet.end } : null,
    maxPerHour: most,
  };
}

function toRule({ id, name, trigger, channels, template, enabled, ...rule }: NotificationRule) {
  return {
    id,
    name,
    trigger,
    channels,
    template,
    enabled,
    recipients: rule.recipients ?? [],
    smsTo: rule.sms_to ?? [],
  };
}
