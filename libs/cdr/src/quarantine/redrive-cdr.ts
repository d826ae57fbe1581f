import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { quarantine, redrive, type Pointers } from '@oriontel/intake';
import type { Producer } from '@oriontel/queues';
import { cdrIntake } from '../parse/cdr-intake.ts';

/**
 * Moves a quarantined CDR back to the intake, for example after a cleanup deleted the leg that it conflicts
 * with. If it fails again, it is quarantined under a new id.
 * @throws Failure not_found
 */
export function redriveCdr(db: Database, producer: Pick<Producer<Pointers>, 'add'>) {
  return async function redriveItem(orgId: number | null, id: string): Promise<{ batchId: string }> {
    // Items of other queues are not CDRs.
    const item = await quarantine(db).find(cdrIntake.queue.name, orgId, id, { maxBytes: 0 });
    if (!item) throw new Failure('not_found', 'No such CDR is in quarantine.');
    await redrive(db, producer, item.orgId, id);
    return { batchId: item.key };
  };
}
