import type { Queryable } from '@oriontel/database';
import { deliveryAttempts } from './delivery-attempt.repository.ts';
import type { DeliveryState, OutgoingDelivery } from './delivery.ts';
import type { Outcome } from './sender.ts';

export interface AttemptResult {
  outcome: Outcome;
  durationMs: number;
}

/** Sends a delivery once, and stores the attempt and the state that `stateAfter` derives from its outcome. */
export async function attemptDelivery(
  db: Queryable,
  delivery: OutgoingDelivery,
  send: () => Promise<Outcome>,
  stateAfter: (outcome: Outcome) => DeliveryState,
): Promise<AttemptResult> {
  const at = new Date();
  const start = performance.now();
  const outcome = await send();
  const durationMs = Math.round(performance.now() - start);
  const { status, response } = outcome;
  const { error, detail } = outcome.result === 'failed' ? outcome : { error: null, detail: null };
  const attempt = { at, durationMs, status, error, detail, response };
  await deliveryAttempts(db).record(delivery.id, attempt, stateAfter(outcome));
  return { outcome, durationMs };
}
