import type { Queryable } from '@oriontel/database';
import type { NewDelivery } from '../deliveries/delivery.ts';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import { EVERY_TYPE, RESERVED_TYPES, SMS_TYPE } from './webhook.ts';
import { webhooks, type Subscriber } from './webhook.repository.ts';

/** Limits of one statement: events may be large, and an organization may have many webhooks. */
const MAX_DELIVERIES_PER_INSERT = 500;
const MAX_BYTES_PER_INSERT = 1024 * 1024;

/**
 * Creates a delivery of each event for each enabled webhook of its organization that subscribes to its type.
 */
export async function createWebhookDeliveries(tx: Queryable, events: NotifiableEvent[]): Promise<void> {
  // Reserved types would let a user of the API send text messages.
  const publishable = events.filter(({ type }) => !RESERVED_TYPES.includes(type));
  if (!publishable.length) return;
  const orgIds = new Set(publishable.map(({ orgId }) => orgId));
  const subscribers = await webhooks(tx).listSubscribers([...orgIds]);
  let batch: NewDelivery[] = [];
  let bytes = 0;
  for (const event of publishable) {
    const subscribed = subscribers.filter((webhook) => isSubscribed(webhook, event));
    if (!subscribed.length) continue;
    const size = Buffer.byteLength(JSON.stringify(event.data));
    for (const { id } of subscribed) {
      batch.push(buildDelivery(event, id));
      bytes += size;
      if (batch.length < MAX_DELIVERIES_PER_INSERT && bytes < MAX_BYTES_PER_INSERT) continue;
      await deliveries(tx).insert(batch);
      batch = [];
      bytes = 0;
    }
  }
  await deliveries(tx).insert(batch);
}

/**
 * The enabled webhooks that send text messages, by organization: those that subscribe to `notification.sms`
 * by name.
 */
export async function findSmsWebhooks(tx: Queryable, orgIds: number[]): Promise<Map<number, string[]>> {
  const subscribers = await webhooks(tx).listSubscribers(orgIds);
  const found = new Map<number, string[]>();
  for (const { id, orgId, eventTypes } of subscribers)
    if (eventTypes.includes(SMS_TYPE)) found.set(orgId, [...(found.get(orgId) ?? []), id]);
  return found;
}

function isSubscribed({ orgId, eventTypes }: Subscriber, event: NotifiableEvent): boolean {
  return orgId === event.orgId && (eventTypes.includes(EVERY_TYPE) || eventTypes.includes(event.type));
}

function buildDelivery(event: NotifiableEvent, webhookId: string): NewDelivery {
  return {
    orgId: event.orgId,
    eventId: event.id,
    position: event.position,
    channel: 'webhook',
    receiver: webhookId,
    ruleId: null,
    type: event.type,
    at: event.at,
    message: { event_id: event.id, org_id: event.orgId, entity: event.entity, data: event.data },
  };
}
