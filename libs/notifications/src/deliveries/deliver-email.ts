import type { Queryable } from '@oriontel/database';
import { deliveries } from './delivery.repository.ts';
import type { DeliveryState, OutgoingDelivery } from './delivery.ts';
import { retryDelaySeconds, type RetrySchedule } from './retry-schedule.ts';
import type { Outcome, SendEmail } from './sender.ts';
import { attemptDelivery } from './attempt-delivery.ts';

export interface DeliverEmailOptions {
  send: SendEmail;
  schedule: RetrySchedule;
  onAttempt: (isTaken: boolean) => void;
  signal: AbortSignal;
}

/** Sends an email that this worker has claimed. Each is for itself: one that cannot be sent now is tried again later. */
export function deliverEmail(db: Queryable, { send, schedule, onAttempt, signal }: DeliverEmailOptions) {
  return async function deliverClaimedEmail(email: OutgoingDelivery): Promise<boolean> {
    const isOver = Date.now() - email.createdAt.getTime() >= schedule.giveUpEmailAfterSeconds * 1_000;
    function stateAfter(outcome: Outcome): DeliveryState {
      if (outcome.result === 'taken') return 'delivered';
      return outcome.final || isOver ? 'failed' : 'pending';
    }
    const { outcome } = await attemptDelivery(db, email, () => send(email, signal), stateAfter);
    onAttempt(outcome.result === 'taken');
    if (stateAfter(outcome) === 'pending')
      await deliveries(db).postpone(email.id, retryDelaySeconds(email.attempts + 1, schedule));
    return false;
  };
}
