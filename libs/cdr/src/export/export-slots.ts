import { Failure } from '@oriontel/contracts';

/** How many exports may go on at once. */
export interface ExportLimits {
  /** In this process. */
  inAll: number;
  /** Of one organization; all of them together count as one. */
  ofOne: number;
}

/** Seconds. */
const COME_BACK = 10;

/** Takes a place among the exports of this process; returns how to leave it. @throws Failure too_many_requests, unavailable */
export const openExportSlots = ({ inAll, ofOne }: ExportLimits): ((orgId: number | null) => () => void) => {
  const taken: (number | null)[] = [];
  return (orgId) => {
    if (taken.filter((one) => one === orgId).length >= ofOne)
      throw new Failure('too_many_requests', 'Your other exports are not finished: wait for one of them.', {
        retryAfter: COME_BACK,
      });
    if (taken.length >= inAll)
      throw new Failure('unavailable', 'Too many exports at once. Ask again later.', {
        retryAfter: COME_BACK,
      });
    taken.push(orgId);
    let isTaken = true;
    return () => {
      if (isTaken) taken.splice(taken.indexOf(orgId), 1);
      isTaken = false;
    };
  };
};
