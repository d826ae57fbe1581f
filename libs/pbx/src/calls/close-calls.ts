import { isStorableText } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { CallStatus } from './call.ts';
import { calls, type Closing } from './call.repository.ts';
import type { FinishedLeg } from './finished-leg.ts';
import { sortOut } from './sort-out.ts';

/** Up to so many legs are carried to the calls; of more, only those that an active call may be of. */
const FEW = 200;

/**
 * Closes the active calls that these legs are of, once: by their call_id, else a-legs by their numbers and the time.
 * One statement where nothing matches. In a transaction, where calls without a call_id may match.
 */
export const closeCalls = async (tx: Queryable, legs: FinishedLeg[]): Promise<void> => {
  const candidates = legs.length > FEW ? await sortOut(tx, legs) : legs;
  const closings = candidates.filter(isComparable).map(toClosing);
  if (!closings.length) return;
  const namings = await calls(tx).close(closings);
  if (namings.length) await calls(tx).name(namings);
};

/** What PostgreSQL cannot read in a parameter, no call has. */
const isComparable = ({ callId, caller, callee, callerRaw, calleeRaw }: FinishedLeg): boolean =>
  [callId, caller, callee, callerRaw, calleeRaw].every((text) => text === null || isStorableText(text));

const statusOf: Record<FinishedLeg['disposition'], CallStatus> = {
  ANSWERED: 'completed',
  'NO ANSWER': 'noanswer',
  BUSY: 'busy',
  FAILED: 'failed',
};

const toClosing = (leg: FinishedLeg): Closing => ({
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
  status: statusOf[leg.disposition],
});
