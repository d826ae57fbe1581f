import { isoTime } from '@oriontel/contracts';
import type { PostMessage } from '@oriontel/outbound';
import { Webhook as Signer } from 'standardwebhooks';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';

/**
 * A message as specified by Standard Webhooks (https://www.standardwebhooks.com): `{type, timestamp, data}`,
 * signed.
 */
export function buildMessage(delivery: OutgoingDelivery, secret: string): PostMessage {
  const id = messageId(delivery);
  const { type, at, message: data } = delivery;
  return {
    body: Buffer.from(JSON.stringify({ type, timestamp: isoTime(at), data })),
    headers: {
      'content-type': 'application/json',
      'user-agent': 'OrionTel-Webhooks/1.0 (+https://www.standardwebhooks.com)',
      'webhook-id': id,
    },
    sign(body, sentAt) {
      return {
        'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
        'webhook-signature': new Signer(secret).sign(id, sentAt, body.toString()),
      };
    },
  };
}

/** The same for every attempt. Without dots, which separate the parts of the signed text. */
function messageId({ eventId, ruleId }: OutgoingDelivery): string {
  return [eventId, ...(ruleId === null ? [] : [ruleId])].map(encodeDots).join(':');
}

function encodeDots(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E');
}
