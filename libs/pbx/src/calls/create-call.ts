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
    call_id: text(255).optional().meta({ description: 'As its switch names it: its CDR then closes it' }),
    org_id: Id.optional().meta({ description: 'For admins: the organization it belongs to' }),
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
  /** A leg of the organization whose CDR is stored, or accepted to be stored, under this call_id. */
  findFinishedLeg: (orgId: number, callId: string) => Promise<FinishedLeg | null>;
}

/** An active call whose CDR was faster than it is closed at once. @throws Failure conflict where its call_id is known. */
export function createCall({ db, findFinishedLeg }: CreateCallDependencies) {
  return async function recordCall(orgId: number, call: NewCall): Promise<FoundCall> {
    const made = await insertCall(db, orgId, call);
    const { status, callId } = made;
    if (status !== 'active' || callId === null) return made;
    // After the insert is committed: a CDR that is stored from now on finds the call by itself.
    const leg = await findFinishedLeg(orgId, callId);
    if (!leg) return made;
    await closeCalls(db, [{ ...leg, orgId, callId }]);
    return (await calls(db).find(orgId, made.id)) ?? made;
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
  return new Failure('conflict', 'A call with this call_id is there already: update that one.', {
    details: [{ field: 'call_id', message: 'is taken' }],
  });
}
