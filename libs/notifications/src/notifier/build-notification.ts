import { isoTime, type JsonObject } from '@oriontel/contracts';
import type { NewDelivery } from '../deliveries/delivery.ts';
import { SMS_TYPE } from '../webhooks/webhook.ts';
import { cleanLine } from './clean-text.ts';
import type { PlannedNotification } from './list-receivers.ts';
import { renderTemplate } from './render-template.ts';

/** Longest text, in UTF-16 units. */
const MAX_TEXT_LENGTH = { email: 8_192, webhook: 1_600 };

/** Renders a notification as a delivery. */
export function buildNotification({ event, rule, channel, receiver }: PlannedNotification): NewDelivery {
  const text = renderTemplate(rule.template, event, MAX_TEXT_LENGTH[channel]);
  return {
    orgId: event.orgId,
    eventId: event.id,
    position: event.position,
    channel,
    receiver,
    ruleId: rule.id,
    type: channel === 'email' ? event.type : SMS_TYPE,
    at: event.at,
    message: channel === 'email' ? { subject: cleanLine(rule.name), text } : buildSms({ event, rule }, text),
  };
}

function buildSms({ event, rule }: Pick<PlannedNotification, 'event' | 'rule'>, text: string): JsonObject {
  return {
    rule: { id: rule.id, name: rule.name },
    text,
    to: rule.smsTo,
    event: {
      event_id: event.id,
      org_id: event.orgId,
      entity: event.entity,
      type: event.type,
      timestamp: isoTime(new Date(event.at)),
      data: event.data,
    },
  };
}
