import type { Queryable } from '@oriontel/database';
import type { NewDelivery } from '../deliveries/delivery.ts';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { NotifiableEvent, Notify } from '../notifiable-event.ts';
import { EVERY_TYPE, RESERVED_TYPES, SMS_TYPE } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

/** Deliveries of one statement, and the bytes of their messages: an event may be large, and its webhooks many. */
const MAX_DELIVERIES_PER_INSERT = 500;
const MAX_BYTES_PER_INSERT = 1024 * 1024;

/** Hands each event to the enabled webhooks of its organization that want its type. */
export const createWebhookDeliveries: Notify = async (tx, events) => {
  // Only we say so: a member could otherwise have text messages sent.
  const told = events.filter(({ type }) => !RESERVED_TYPES.includes(type));
  if (!told.length) return;
  const subscribers = await webhooks(tx).listSubscribers([...new Set(told.map(({ orgId }) => orgId))]);
  let added: NewDelivery[] = [];
  let bytes = 0;
  for (const event of told) {
    const wanting = subscribers.filter(
      ({ orgId, eventTypes }) => orgId === event.orgId && isSubscribed(eventTypes, event.type),
    );
    if (!wanting.length) continue;
    const size = Buffer.byteLength(JSON.stringify(event.data));
    for (const { id } of wanting) {
      added.push(buildDelivery(event, id));
      bytes += size;
      if (added.length < MAX_DELIVERIES_PER_INSERT && bytes < MAX_BYTES_PER_INSERT) continue;
      await deliveries(tx).insert(added);
      added = [];
      bytes = 0;
    }
  }
  await deliveries(tx).insert(added);
};

/** The enabled webhooks of these organizations that send text messages: those that say so by name. */
export async function findSmsWebhooks(tx: Queryable, orgIds: number[]): Promise<Map<number, string[]>> {
  const subscribers = await webhooks(tx).listSubscribers(orgIds);
  const found = new Map<number, string[]>();
  for (const { id, orgId, eventTypes } of subscribers)
    if (eventTypes.includes(SMS_TYPE)) found.set(orgId, [...(found.get(orgId) ?? []), id]);
  return found;
}

function isSubscribed(eventTypes: string[], type: string): boolean {
  return eventTypes.includes(EVERY_TYPE) || eventTypes.includes(type);
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
