import type { Queryable } from '@oriontel/database';
import { calls, type CallKey } from './call.repository.ts';
import type { FinishedLeg } from './finished-leg.ts';

/**
 * The legs that an active call may be of; all, where more calls are active than there are legs. PostgreSQL tells the active
 * calls, mostly few, far sooner than it reads tens of thousands of legs.
 */
export async function filterCandidateLegs(tx: Queryable, legs: FinishedLeg[]): Promise<FinishedLeg[]> {
  const orgIds = [...new Set(legs.map(({ orgId }) => orgId))];
  const active = await calls(tx).listActiveKeys(orgIds, legs.length);
  if (!active.length) return [];
  if (active.length === legs.length) return legs;
  const keys = new Set(active.map((call) => (call.callId === null ? partiesKey(call) : callIdKey(call))));
  return legs.filter((leg) => legKeys(leg).some((key) => keys.has(key)));
}

function legKeys(leg: FinishedLeg): string[] {
  return [
    callIdKey(leg),
    ...[leg.caller, leg.callerRaw].flatMap((callerId) =>
      [leg.callee, leg.calleeRaw].map((recipientId) =>
        partiesKey({ orgId: leg.orgId, callerId, recipientId }),
      ),
    ),
  ];
}

// Two that read the same are only looked at once more.
const callIdKey = ({ orgId, callId }: Pick<CallKey, 'orgId' | 'callId'>): string => `${orgId} ${callId}`;

function partiesKey(parties: { orgId: number; callerId: string | null; recipientId: string | null }): string {
  return `${parties.orgId} ${parties.callerId} to ${parties.recipientId}`;
}
