import type { Queryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { countAttempt } from './delivery.repository.ts';
import type { DeliveryState } from './delivery.ts';
import type { Attempt } from './found-delivery.ts';

const MAX_LISTED_ATTEMPTS = 100;

export function deliveryAttempts(db: Queryable) {
  return {
    /**
     * Stores an attempt, and the state of its delivery after it. Stores nothing if the delivery was deleted.
     */
    async record(deliveryId: string, attempt: Attempt, state: DeliveryState): Promise<void> {
      const { at, durationMs, status, error, detail, response } = attempt;
      await db.$executeRaw`
        WITH tried AS (${countAttempt(deliveryId, state)})
        INSERT INTO delivery_attempts
          (id, delivery_id, started_at, duration_ms, status, error, detail, response)
        SELECT ${uuidv7()}::uuid, tried.id, ${at}, ${durationMs}::int,
          ${status}::int, ${error}, ${detail}, ${response}
        FROM tried`;
    },

    /** The 100 newest, the newest first. */
    listByDelivery(deliveryId: string): Promise<Attempt[]> {
      return db.$queryRaw`
        SELECT started_at AS "at", duration_ms AS "durationMs", status, error, detail, response
        FROM delivery_attempts
        WHERE delivery_id = ${deliveryId}::uuid
        ORDER BY id DESC
        LIMIT ${MAX_LISTED_ATTEMPTS}::int`;
    },
  };
}
