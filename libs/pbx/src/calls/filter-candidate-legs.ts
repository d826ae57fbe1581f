import type { Queryable } from '@oriontel/database';
import { calls, type CallKey } from './call.repository.ts';
import type { FinishedLeg } from './finished-leg.ts';

/**
 * The legs that may match an active call; all of them if more calls are active than there are legs. Listing
 * the usually few active calls is much faster than sending tens of thousands of legs to PostgreSQL.
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

// A collision of keys is harmless: the leg is only compared again in SQL.
const callIdKey = ({ orgId, callId }: Pick<CallKey, 'orgId' | 'callId'>): string => `${orgId} ${callId}`;

function partiesKey(parties: { orgId: number; callerId: string | null; recipientId: string | null }): string {
  return `${parties.orgId} ${parties.callerId} to ${parties.recipientId}`;
}
