import { isoTime } from '@oriontel/contracts';
import { Webhook as Signer } from 'standardwebhooks';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';

export interface Message {
  headers: Record<string, string>;
  body: string;
}

/** A message of Standard Webhooks (https://www.standardwebhooks.com): `{type, timestamp, data}`, signed for the moment it is sent at. */
export function buildMessage(delivery: OutgoingDelivery, secret: string, now = new Date()): Message {
  const id = messageId(delivery);
  const { type, at, message: data } = delivery;
  const body = JSON.stringify({ type, timestamp: isoTime(at), data });
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'OrionTel-Webhooks/1.0 (+https://www.standardwebhooks.com)',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Signer(secret).sign(id, now, body),
    },
  };
}

/** The same each time one receiver is told the same. Without dots: they part what is signed. */
function messageId({ eventId, ruleId }: OutgoingDelivery): string {
  return [eventId, ...(ruleId === null ? [] : [ruleId])].map(withoutDots).join(':');
}

const withoutDots = (name: string): string => encodeURIComponent(name).replaceAll('.', '%2E');
