import type { Queryable } from '@oriontel/database';
import { deliveries } from './delivery.repository.ts';
import type { DeliveryState, Outgoing } from './delivery.ts';
import { delayAfter, type RetrySchedule } from './retry-schedule.ts';
import type { Outcome, SendEmail } from './sender.ts';
import { tryDelivery } from './try-delivery.ts';

export interface ServeEmailOptions {
  send: SendEmail;
  schedule: RetrySchedule;
  onTried: (isTaken: boolean) => void;
  signal: AbortSignal;
}

/** Sends an email that this worker has claimed. Each is for itself: one that cannot be sent now is tried again later. */
export const serveEmail =
  (db: Queryable, { send, schedule, onTried, signal }: ServeEmailOptions) =>
  async (email: Outgoing): Promise<boolean> => {
    const isOver = Date.now() - email.createdAt.getTime() >= schedule.giveUpEmail * 1_000;
    const stateAfter = (outcome: Outcome): DeliveryState => {
      if (outcome.result === 'taken') return 'delivered';
      return outcome.final || isOver ? 'failed' : 'pending';
    };
    const { outcome } = await tryDelivery(db, email, () => send(email, signal), stateAfter);
    onTried(outcome.result === 'taken');
    if (stateAfter(outcome) === 'pending')
      await deliveries(db).postpone(email.id, delayAfter(email.attempts + 1, schedule));
    return false;
  };
