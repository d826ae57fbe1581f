import type { Queryable } from '@oriontel/database';
import type { NewDelivery } from '../deliveries/delivery.ts';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { AcceptedEvent } from '../events/entity-event.ts';
import type { Notify } from '../events/store-entity-events.ts';
import { EVERY_TYPE, OUR_TYPES, SMS_TYPE } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

/** Deliveries of one statement, and the bytes of their messages: an event may be large, and its webhooks many. */
const MOST_AT_ONCE = 500;
const BYTES_AT_ONCE = 1024 * 1024;

/** Hands each event to the enabled webhooks of its organization that want its type. */
export const planWebhooks: Notify = async (tx, events) => {
  // Only we say so: a member could otherwise have text messages sent.
  const told = events.filter(({ type }) => !OUR_TYPES.includes(type));
  if (!told.length) return;
  const subscribers = await webhooks(tx).subscribers([...new Set(told.map(({ orgId }) => orgId))]);
  let added: NewDelivery[] = [];
  let bytes = 0;
  for (const event of told) {
    const wanting = subscribers.filter(
      ({ orgId, eventTypes }) => orgId === event.orgId && wants(eventTypes, event.type),
    );
    if (!wanting.length) continue;
    const size = Buffer.byteLength(JSON.stringify(event.data));
    for (const { id } of wanting) {
      added.push(deliveryOf(event, id));
      bytes += size;
      if (added.length < MOST_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
      await deliveries(tx).insert(added);
      added = [];
      bytes = 0;
    }
  }
  await deliveries(tx).insert(added);
};

/** The enabled webhooks of these organizations that send text messages: those that say so by name. */
export const smsWebhooksOf = async (tx: Queryable, orgIds: number[]): Promise<Map<number, string[]>> => {
  const subscribers = await webhooks(tx).subscribers(orgIds);
  const found = new Map<number, string[]>();
  for (const { id, orgId, eventTypes } of subscribers)
    if (eventTypes.includes(SMS_TYPE)) found.set(orgId, [...(found.get(orgId) ?? []), id]);
  return found;
};

const wants = (eventTypes: string[], type: string): boolean =>
  eventTypes.includes(EVERY_TYPE) || eventTypes.includes(type);

const deliveryOf = (event: AcceptedEvent, webhookId: string): NewDelivery => ({
  orgId: event.orgId,
  eventId: event.id,
  position: event.position,
  channel: 'webhook',
  receiver: webhookId,
  ruleId: null,
  type: event.type,
  at: event.at,
  message: { event_id: event.id, org_id: event.orgId, entity: event.entity, data: event.data },
});
