import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { forwardings } from './forwarding.repository.ts';

/**
 * Sends one dead letter again, as if it had never been tried. `orgId` null: of any organization.
 * @throws Failure not_found, conflict
 */
export function redriveDeadLetter(db: Queryable) {
  return async function redriveOne(orgId: number | null, submissionId: string): Promise<void> {
    if (await forwardings(db).redrive(orgId, submissionId)) return;
    const state = await forwardings(db).stateOf(orgId, submissionId);
    if (!state) throw new Failure('not_found', 'No such batch was to be forwarded.');
    throw new Failure(
      'conflict',
      state === 'done' ? 'It has arrived already.' : 'It is no dead letter: it is on its way.',
    );
  };
}
