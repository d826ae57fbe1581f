import { isStorableText } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { CallStatus } from './call.ts';
import { calls, type CallClosing } from './call.repository.ts';
import type { FinishedLeg } from './finished-leg.ts';
import { filterCandidateLegs } from './filter-candidate-legs.ts';

/** Larger batches are first filtered to the legs that may match an active call. */
const MAX_UNFILTERED_LEGS = 200;

/**
 * Closes the active calls that match these legs: by call_id, else a-legs by numbers and start time.
 * Idempotent. Runs one statement if nothing matches. Must run in a transaction if calls without a call_id may
 * match.
 */
export async function closeCalls(tx: Queryable, legs: FinishedLeg[]): Promise<void> {
  const candidates = legs.length > MAX_UNFILTERED_LEGS ? await filterCandidateLegs(tx, legs) : legs;
  const closings = candidates.filter(hasStorableText).map(toCallClosing);
  if (!closings.length) return;
  const assignments = await calls(tx).close(closings);
  if (assignments.length) await calls(tx).assignCallIds(assignments);
}

/** PostgreSQL rejects some texts as parameters; no stored call contains them. */
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
