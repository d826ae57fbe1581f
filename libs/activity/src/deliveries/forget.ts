import type { Queryable } from '@oriontel/database';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveries } from './delivery.repository.ts';

/** Days that a delivery is kept after its end, and that a disabled webhook's waits. */
const KEPT = 30;
/** Rows of one statement, and statements of one call. */
const BITE = 2_000;
const MOST_BITES = 50;

/** Forgets what is old, and ends what waits for webhooks that are no more: a bite at a time. Returns how many. */
export const forgetDeliveries = async (
  db: Queryable,
  isEnough: () => boolean = () => false,
): Promise<number> => {
  const table = deliveries(db);
  const { gone, disabled } = await webhooks(db).sortOut(await table.waitingFor());
  let forgotten = 0;
  const bites = [
    () => table.forgetFinished(KEPT, BITE),
    () => table.forgetEmails(KEPT, BITE),
    ...(gone.length ? [() => table.endOrphans(gone, BITE)] : []),
    ...(disabled.length ? [() => table.forgetWaiting(disabled, KEPT, BITE)] : []),
  ];
  for (const bite of bites) {
    for (let i = 0; i < MOST_BITES && !isEnough(); i += 1) {
      const count = await bite();
      forgotten += count;
      if (count < BITE) break;
    }
  }
  return forgotten;
};
