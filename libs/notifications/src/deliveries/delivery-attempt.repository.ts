import type { Queryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { countAttempt } from './delivery.repository.ts';
import type { DeliveryState } from './delivery.ts';
import type { Attempt } from './found-delivery.ts';

/** Of one delivery: the newest are shown. */
const MAX_LISTED_ATTEMPTS = 100;

/** The only file that speaks to the delivery_attempts table. */
export function deliveryAttempts(db: Queryable) {
  return {
    /** Keeps a try, and what the delivery becomes by it. Where the delivery is no more there is nothing to keep. */
    async record(deliveryId: string, attempt: Attempt, state: DeliveryState): Promise<void> {
      const { at, durationMs, status, error, detail, response } = attempt;
      await db.$executeRaw`
      WITH tried AS (${countAttempt(deliveryId, state)})
      INSERT INTO delivery_attempts (id, delivery_id, started_at, duration_ms, status, error, detail, response)
      SELECT ${uuidv7()}::uuid, tried.id, ${at}, ${durationMs}::int, ${status}::int, ${error}, ${detail}, ${response} FROM tried`;
    },

    /** Newest first. */
    listByDelivery(deliveryId: string): Promise<Attempt[]> {
      return db.$queryRaw`
    SELECT started_at AS "at", duration_ms AS "durationMs", status, error, detail, response
    FROM delivery_attempts WHERE delivery_id = ${deliveryId}::uuid ORDER BY id DESC LIMIT ${MAX_LISTED_ATTEMPTS}::int`;
    },
  };
}
