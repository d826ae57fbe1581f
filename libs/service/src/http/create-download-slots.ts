import { Failure } from '@oriontel/contracts';

/** Limits of concurrent downloads of one kind. */
export interface DownloadLimits {
  /** Downloads of this process. */
  maxTotal: number;
  /**
   * Downloads of one organization; those over all organizations count as one more organization. It has more
   * than one only while at most half of all slots are taken, so that others find a free one.
   */
  maxPerOrg: number;
}

const RETRY_AFTER_SECONDS = 10;

/**
 * Acquires a slot for a download and returns a function that releases it.
 * @throws Failure too_many_requests, unavailable
 */
export function createDownloadSlots({
  maxTotal,
  maxPerOrg,
}: DownloadLimits): (orgId: number | null) => () => void {
  const running: (number | null)[] = [];
  return function acquireSlot(orgId) {
    const own = running.filter((one) => one === orgId).length;
    if (own >= maxPerOrg || (own > 0 && running.length >= maxTotal / 2))
      throw new Failure(
        'too_many_requests',
        'Too many downloads of your organization are running: wait for one to finish.',
        { retryAfter: RETRY_AFTER_SECONDS },
      );
    if (running.length >= maxTotal)
      throw new Failure('unavailable', 'Too many downloads are running. Try again later.', {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    running.push(orgId);
    let isHeld = true;
    return function releaseSlot() {
      if (isHeld) running.splice(running.indexOf(orgId), 1);
      isHeld = false;
    };
  };
}
