import { Failure } from '@oriontel/contracts';

/** How many exports may go on at once. */
export interface ExportLimits {
  /** In this process. */
  maxTotal: number;
  /** Of one organization; all of them together count as one. */
  maxPerOrg: number;
}

/** Seconds. */
const RETRY_AFTER_SECONDS = 10;

/** Takes a place among the exports of this process; returns how to leave it. @throws Failure too_many_requests, unavailable */
export function createExportSlots({
  maxTotal,
  maxPerOrg,
}: ExportLimits): (orgId: number | null) => () => void {
  const taken: (number | null)[] = [];
  return function acquireSlot(orgId) {
    if (taken.filter((one) => one === orgId).length >= maxPerOrg)
      throw new Failure('too_many_requests', 'Your other exports are not finished: wait for one of them.', {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    if (taken.length >= maxTotal)
      throw new Failure('unavailable', 'Too many exports at once. Ask again later.', {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    taken.push(orgId);
    let isTaken = true;
    return function acquireSlotInner() {
      if (isTaken) taken.splice(taken.indexOf(orgId), 1);
      isTaken = false;
    };
  };
}
