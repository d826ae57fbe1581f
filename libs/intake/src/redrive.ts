import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import { v7 as uuidv7 } from 'uuid';
import { SWEEP_GRACE_SECONDS } from './create-intake.ts';
import type { Pointers } from './define-intake.ts';
import { intakeRows } from './intake.repository.ts';
import { quarantine } from './quarantine.repository.ts';

/**
 * Sends a quarantined value down the road again: out of quarantine and into the intake in one transaction.
 * @throws Failure not_found
 */
export async function redrive(
  db: Database,
  producer: Pick<Producer<Pointers>, 'add'>,
  orgId: number,
  id: string,
): Promise<{ id: string }> {
  const newId = uuidv7();
  await db.$transaction(async (tx) => {
    const item = await quarantine(tx).release(orgId, id);
    if (!item) throw new Failure('not_found', 'No such record is in quarantine.');
    const { queue, key, payload, requestId } = item;
    await intakeRows(tx).insert(
      [{ id: newId, queue, orgId, key, payload: JSON.stringify(payload), requestId }],
      SWEEP_GRACE_SECONDS,
    );
  });
  // Where the queue does not take it the sweeper will.
  await producer.add({ ids: [newId], swept: false }).catch(() => undefined);
  return { id: newId };
}
