import type { Queryable } from '@oriontel/database';
import { callRecords, type FoundLeg } from './call-record.repository.ts';

/** Legs that share a call id: those of one call, from several sources or forked. */
const AT_MOST = 50;

/** What is stored of a call: the a-leg if there is one, else the earliest. */
export const findFinishedLeg =
  (db: Queryable) =>
  async (orgId: number, callId: string): Promise<FoundLeg | null> => {
    const legs = await callRecords(db).search(orgId, { callId }, { after: null, limit: AT_MOST });
    const earliestFirst = legs.reverse();
    return earliestFirst.find(({ leg }) => leg === 'a') ?? earliestFirst[0] ?? null;
  };
