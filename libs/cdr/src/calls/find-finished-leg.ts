import type { Queryable } from '@oriontel/database';
import { callRecords, type FoundLeg } from './call-record.repository.ts';
import { pendingCalls } from './pending-calls.ts';

/** Legs that share a call id: those of one call, from several sources or forked. */
const MAX_LEGS = 50;

/** What is known of a call that is over, stored or on its way: the a-leg if there is one, else the earliest. */
export function findFinishedLeg(db: Queryable, regionOf: (orgId: number) => Promise<string | null>) {
  const pendingOf = pendingCalls(db, regionOf);
  return async function findLeg(orgId: number, callId: string): Promise<FoundLeg | null> {
    async function stored() {
      return chooseLeg(await callRecords(db).search(orgId, { callId }, { after: null, limit: MAX_LEGS }));
    }
    const pending = async () => chooseLeg((await pendingOf(orgId)).filter((leg) => leg.callId === callId));
    // Asked again last: it may have been stored while the workers were given a moment.
    return (await stored()) ?? (await pending()) ?? (await stored());
  };
}

function chooseLeg(legs: FoundLeg[]): FoundLeg | null {
  const earliestFirst = [...legs].sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  return earliestFirst.find(({ leg }) => leg === 'a') ?? earliestFirst[0] ?? null;
}
