import type { JsonObject } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { notifierSettings } from './notifier-setting.repository.ts';
import { DeliveryPreferences, DEFAULT_MAX_PER_HOUR, NotificationRule } from './notifier.ts';

/** Notification rules by organization; organizations without notifier settings are omitted. */
export async function findNotifierRules(tx: Queryable, orgIds: number[]) {
  const found = await notifierSettings(tx).findForOrganizations(orgIds);
  return new Map(found.map(({ orgId, data }) => [orgId, toNotifierRules(data)]));
}

/** Skips stored rules that are invalid by the current schema: they must not block notifications. */
function toNotifierRules({ notification_rules: rules, delivery_preferences: preferences }: JsonObject) {
  const { quiet_hours: quietHours, max_notifications_per_hour: maxPerHour = DEFAULT_MAX_PER_HOUR } =
    DeliveryPreferences.safeParse(preferences).data ?? {};
  return {
    rules: (Array.isArray(rules) ? rules : []).flatMap((rule) => {
      const parsed = NotificationRule.safeParse(rule);
      return parsed.success ? [toRule(parsed.data)] : [];
    }),
    quietHours: quietHours?.enabled ? { start: quietHours.start, end: quietHours.end } : null,
    maxPerHour,
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
