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
      .meta({ description: 'What was handed over then or later; everything where it is absent' }),
    delivered: z
      .boolean('must be true or false')
      .default(false)
      .meta({ description: `Also what was delivered: the oldest ${MAX_REPLAYED} of it in one call` }),
  })
  .meta({ id: 'Replay', examples: [{ since: '2024-01-15T10:30:00Z' }] });
export type Replay = z.output<typeof Replay>;

/** @throws Failure conflict where nothing is sent to it now. */
export function assertEnabled({ enabled }: FoundWebhook): void {
  if (!enabled)
    throw new Failure('conflict', 'This webhook is disabled: enable it, and it is told what waits for it.');
}

/** Tells it all again that waits, at once and in order. Returns how much waits now. */
export function replayDeliveries(db: Database) {
  return async function replayDeliveriesSince(
    { id, orgId }: FoundWebhook,
    { since, delivered }: Replay,
  ): Promise<number> {
    const from = since === undefined ? null : new Date(since);
    if (delivered) await deliveries(db).replayAll(orgId, id, from);
    await webhooks(db).makeDueNow(id);
    return deliveries(db).countPendingForWebhook(orgId, id, from);
  };
}

/** Tells it one thing again, with the same id. Null where there is none. */
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
