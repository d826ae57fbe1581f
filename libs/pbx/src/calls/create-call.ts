import { Failure, Id, text, time } from '@oriontel/contracts';
import { isUniqueViolation, type Queryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { CallStatus, type FoundCall } from './call.ts';
import { calls } from './call.repository.ts';
import { closeCalls } from './close-calls.ts';
import type { FinishedLeg } from './finished-leg.ts';

const Party = text(255).refine((value) => !/\p{Cc}/u.test(value), 'must not contain control characters');

export const NewCall = z
  .strictObject({
    caller_id: Party,
    recipient_id: Party,
    start_time: time,
    status: CallStatus,
    call_id: text(255)
      .optional()
      .meta({ description: 'Call id of the switch: a CDR with the same call_id closes the call' }),
    org_id: Id.optional().meta({ description: 'Admins only: the organization of the call' }),
  })
  .meta({
    id: 'NewCall',
    examples: [
      {
        caller_id: '+14155551234',
        recipient_id: '1001',
        start_time: '2024-01-15T10:30:00Z',
        status: 'active',
        call_id: 'abc123-def456',
      },
    ],
  });
export type NewCall = z.output<typeof NewCall>;

export interface CreateCallDependencies {
  db: Queryable;
  /** Finds a leg with this call_id in the stored and pending CDRs of the organization. */
  findFinishedLeg: (orgId: number, callId: string) => Promise<FinishedLeg | null>;
}

/**
 * Creates a call record. An active call whose CDR arrived first is closed at once.
 * @throws Failure conflict if the organization has a call with this call_id
 */
export function createCall({ db, findFinishedLeg }: CreateCallDependencies) {
  return async function recordCall(orgId: number, call: NewCall): Promise<FoundCall> {
    const created = await insertCall(db, orgId, call);
    const { status, callId } = created;
    if (status !== 'active' || callId === null) return created;
    // After the commit of the insert: a CDR stored from now on closes the call itself.
    const leg = await findFinishedLeg(orgId, callId);
    if (!leg) return created;
    await closeCalls(db, [{ ...leg, orgId, callId }]);
    return (await calls(db).find(orgId, created.id)) ?? created;
  };
}

function insertCall(db: Queryable, orgId: number, call: NewCall): Promise<FoundCall> {
  return calls(db)
    .create({
      id: uuidv7(),
      orgId,
      callId: call.call_id ?? null,
      callerId: call.caller_id,
      recipientId: call.recipient_id,
      startTime: new Date(call.start_time),
      status: call.status,
    })
    .catch((error: unknown) => {
      if (isUniqueViolation(error)) throw duplicateCallId();
      throw error;
    });
}

function duplicateCallId(): Failure {
  return new Failure('conflict', 'A call with this call_id already exists: update it instead.', {
    details: [{ field: 'call_id', message: 'is taken' }],
  });
}
