import { Failure } from '@oriontel/contracts';

/** Limits of concurrent exports. */
export interface ExportLimits {
  /** Exports of this process. */
  maxTotal: number;
  /** Exports of one organization; exports over all organizations count as one more organization. */
  maxPerOrg: number;
}

const RETRY_AFTER_SECONDS = 10;

/**
 * Acquires a slot for an export and returns a function that releases it.
 * @throws Failure too_many_requests, unavailable
 */
export function createExportSlots({
  maxTotal,
  maxPerOrg,
}: ExportLimits): (orgId: number | null) => () => void {
  const running: (number | null)[] = [];
  return function acquireSlot(orgId) {
    if (running.filter((one) => one === orgId).length >= maxPerOrg)
      throw new Failure(
        'too_many_requests',
        'Too many exports of your organization are running: wait for one to finish.',
        {
          retryAfter: RETRY_AFTER_SECONDS,
        },
      );
    if (running.length >= maxTotal)
      throw new Failure('unavailable', 'Too many exports are running. Try again later.', {
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
