import { Failure } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { forwardings } from './forwarding.repository.ts';

/**
 * Sends one dead letter again, with the attempts and the time limit of a new one. `orgId` null: of any
 * organization.
 * @throws Failure not_found, conflict (delivered or pending)
 */
export function redriveDeadLetter(db: Queryable) {
  return async function redriveOne(orgId: number | null, submissionId: string): Promise<void> {
    if (await forwardings(db).redrive(orgId, submissionId)) return;
    const state = await forwardings(db).stateOf(orgId, submissionId);
    if (!state) throw forwardingNotFound();
    throw new Failure(
      'conflict',
      state === 'done'
        ? 'This batch is delivered: only dead letters can be sent again.'
        : 'This batch is pending: only dead letters can be sent again.',
    );
  };
}

export function forwardingNotFound(): Failure {
  return new Failure('not_found', 'No such forwarded batch.');
}
