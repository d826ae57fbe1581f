import { Failure, time } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { z } from 'zod';
import { deliveries, MAX_REPLAYED } from '../deliveries/delivery.repository.ts';
import type { FoundDelivery } from '../deliveries/found-delivery.ts';
import { webhooks } from './webhook.repository.ts';
import type { FoundWebhook } from './webhook.ts';

export const Replay = z
  .strictObject({
    since: time
      .optional()
      .meta({ description: 'Only deliveries created at or after this time; default: all deliveries' }),
    delivered: z
      .boolean('must be true or false')
      .default(false)
      .meta({ description: `Also the delivered ones: the oldest ${MAX_REPLAYED} per call` }),
  })
  .meta({ id: 'Replay', examples: [{ since: '2024-01-15T10:30:00Z' }] });
export type Replay = z.output<typeof Replay>;

/** @throws Failure conflict if the webhook is disabled */
export function assertEnabled({ enabled }: FoundWebhook): void {
  if (!enabled)
    throw new Failure(
      'conflict',
      'This webhook is disabled: enable it, and its pending deliveries are sent.',
    );
}

/**
 * Makes the pending deliveries of a webhook due now, on request also the delivered ones. Returns the number
 * pending.
 */
export function replayDeliveries(db: Database) {
  return async function replayDeliveriesSince(
    { id, orgId }: FoundWebhook,
    { since, delivered }: Replay,
  ): Promise<number> {
    const createdSince = since === undefined ? null : new Date(since);
    if (delivered) await deliveries(db).replayAll(orgId, id, createdSince);
    await webhooks(db).makeDueNow(id);
    return deliveries(db).countPendingForWebhook(orgId, id, createdSince);
  };
}

/** Sends one delivery again, with the same id. Returns null if not found. */
export function replayDelivery(db: Database) {
  return async function replayDeliveryById(
    { id, orgId }: FoundWebhook,
    deliveryId: string,
  ): Promise<FoundDelivery | null> {
    const replayed = await deliveries(db).replay(orgId, id, deliveryId);
    if (replayed) await webhooks(db).makeDueNow(id);
    return replayed;
  };
}
