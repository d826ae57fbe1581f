import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import { v7 as uuidv7 } from 'uuid';
import { SWEEP_GRACE_SECONDS } from './create-intake.ts';
import type { Pointers } from './define-intake.ts';
import { intakeRows } from './intake.repository.ts';
import { quarantine } from './quarantine.repository.ts';

/**
 * Moves a quarantined item back to the intake, in one transaction, and dispatches it. Returns the id of the
 * new row.
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
    if (!item) throw new Failure('not_found', 'No quarantined record has this id.');
    const { queue, key, payload, items, reference, requestId } = item;
    await intakeRows(tx).insert(
      [{ id: newId, queue, orgId, key, payload: JSON.stringify(payload), items, reference, requestId }],
      SWEEP_GRACE_SECONDS,
    );
  });
  // If the queue is unreachable, the sweeper dispatches the row.
  await producer.add({ ids: [newId], swept: false }).catch(() => undefined);
  return { id: newId };
}
