import { isStorableText } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { CallStatus } from './call.ts';
import { calls, type CallClosing } from './call.repository.ts';
import type { FinishedLeg } from './finished-leg.ts';
import { filterCandidateLegs } from './filter-candidate-legs.ts';

/** Up to so many legs are carried to the calls; of more, only those that an active call may be of. */
const MAX_UNFILTERED_LEGS = 200;

/**
 * Closes the active calls that these legs are of, once: by their call_id, else a-legs by their numbers and the time.
 * One statement where nothing matches. In a transaction, where calls without a call_id may match.
 */
export async function closeCalls(tx: Queryable, legs: FinishedLeg[]): Promise<void> {
  const candidates = legs.length > MAX_UNFILTERED_LEGS ? await filterCandidateLegs(tx, legs) : legs;
  const closings = candidates.filter(hasStorableText).map(toCallClosing);
  if (!closings.length) return;
  const namings = await calls(tx).close(closings);
  if (namings.length) await calls(tx).assignCallIds(namings);
}

/** What PostgreSQL cannot read in a parameter, no call has. */
function hasStorableText({ callId, caller, callee, callerRaw, calleeRaw }: FinishedLeg): boolean {
  return [callId, caller, callee, callerRaw, calleeRaw].every(
    (text) => text === null || isStorableText(text),
  );
}

const STATUS_BY_DISPOSITION: Record<FinishedLeg['disposition'], CallStatus> = {
  ANSWERED: 'completed',
  'NO ANSWER': 'noanswer',
  BUSY: 'busy',
  FAILED: 'failed',
};

function toCallClosing(leg: FinishedLeg): CallClosing {
  return {
    orgId: leg.orgId,
    callId: leg.callId,
    leg: leg.leg,
    caller: leg.caller,
    callee: leg.callee,
    callerRaw: leg.callerRaw,
    calleeRaw: leg.calleeRaw,
    startTime: leg.startTime,
    endTime: leg.endTime ?? new Date(leg.startTime.getTime() + leg.duration * 1000),
    duration: leg.duration,
    status: STATUS_BY_DISPOSITION[leg.disposition],
  };
}
