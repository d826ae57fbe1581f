import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { quarantine, redrive, type Pointers } from '@oriontel/intake';
import type { Producer } from '@oriontel/queues';
import { cdrIntake } from '../parse/cdr-intake.ts';

/**
 * Accepts a quarantined CDR again, as it came: after the region was set right, say, or the leg that it contradicts is gone. What
 * cannot be stored this time either is in quarantine again, under another id.
 * @throws Failure not_found
 */
export function redriveCdr(db: Database, producer: Pick<Producer<Pointers>, 'add'>) {
  return async function redriveItem(orgId: number | null, id: string): Promise<{ batchId: string }> {
    // The item must be one of this queue: whoever else quarantines has another way to drive it again.
    const item = await quarantine(db).find(cdrIntake.queue.name, orgId, id);
    if (!item) throw new Failure('not_found', 'No such CDR is in quarantine.');
    await redrive(db, producer, item.orgId, id);
    return { batchId: item.key };
  };
}
