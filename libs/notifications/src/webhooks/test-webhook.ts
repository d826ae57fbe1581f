import { isoTime } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { deliveries } from '../deliveries/delivery.repository.ts';
import type { FoundDelivery } from '../deliveries/found-delivery.ts';
import { TEST_TYPE, type FoundWebhook } from './webhook.ts';
import { webhooks } from './webhook.repository.ts';

/** Creates a delivery of type `webhook.test`, to be sent after the pending ones. */
export function testWebhook(db: Database) {
  return async function createTestDelivery({ id, orgId }: FoundWebhook): Promise<FoundDelivery> {
    const position = uuidv7();
    const eventId = `test-${position}`;
    await deliveries(db).insert([
      {
        orgId,
        eventId,
        position,
        channel: 'webhook',
        receiver: id,
        ruleId: null,
        type: TEST_TYPE,
        at: isoTime(new Date()),
        message: { event_id: eventId, org_id: orgId, webhook_id: id },
      },
    ]);
    await webhooks(db).makeDueNow(id);
    const { items } = await deliveries(db).list(orgId, id, { eventId }, { limit: 1, offset: 0 });
    return items[0]!;
  };
}
