import type { Queryable } from '@oriontel/database';
import { retryDelaySeconds } from '@oriontel/outbound';
import { attemptDelivery } from './attempt-delivery.ts';
import { deliveries } from './delivery.repository.ts';
import type { DeliverySchedule } from './delivery-schedule.ts';
import type { DeliveryState, OutgoingDelivery } from './delivery.ts';
import type { Outcome, SendEmail } from './sender.ts';

export interface DeliverEmailOptions {
  send: SendEmail;
  schedule: DeliverySchedule;
  onAttempt: (isDelivered: boolean) => void;
  signal: AbortSignal;
}

/** Sends an email that this worker has claimed. One that fails temporarily is sent again later. */
export function deliverEmail(db: Queryable, { send, schedule, onAttempt, signal }: DeliverEmailOptions) {
  return async function deliverClaimedEmail(email: OutgoingDelivery): Promise<boolean> {
    const isExpired = Date.now() - email.createdAt.getTime() >= schedule.giveUpEmailAfterSeconds * 1_000;
    function stateAfter(outcome: Outcome): DeliveryState {
      if (outcome.result === 'delivered') return 'delivered';
      return outcome.isPermanent || isExpired ? 'failed' : 'pending';
    }
    const { outcome } = await attemptDelivery(db, email, () => send(email, signal), stateAfter);
    onAttempt(outcome.result === 'delivered');
    if (stateAfter(outcome) === 'pending')
      await deliveries(db).postpone(email.id, retryDelaySeconds(schedule, email.attempts + 1));
    return false;
  };
}
