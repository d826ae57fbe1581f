import type { Queryable } from '@oriontel/database';
import { callRecords, type FoundLeg } from './call-record.repository.ts';
import type { RegionOf } from './leg-dependencies.ts';
import { pendingCalls } from './pending-calls.ts';

/** Legs read per call id; more only exist for forked calls with many sources. */
const MAX_LEGS = 50;

/** Finds the CDR of a finished call, stored or pending: its a-leg if there is one, else the earliest leg. */
export function findFinishedLeg(db: Queryable, regionOf: RegionOf) {
  const pendingOf = pendingCalls(db, regionOf);
  return async function findLeg(orgId: number, callId: string): Promise<FoundLeg | null> {
    async function stored() {
      return chooseLeg(await callRecords(db).search(orgId, { callId }, { after: null, limit: MAX_LEGS }));
    }
    const pending = async () => chooseLeg((await pendingOf(orgId)).filter((leg) => leg.callId === callId));
    // Reads stored legs again at the end: the workers may have stored the leg meanwhile.
    return (await stored()) ?? (await pending()) ?? (await stored());
  };
}

function chooseLeg(legs: FoundLeg[]): FoundLeg | null {
  const earliestFirst = [...legs].sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  return earliestFirst.find(({ leg }) => leg === 'a') ?? earliestFirst[0] ?? null;
}
