import { outboundError } from './outbound-error.ts';

export interface Deadline {
  /** Aborted when the time is over, or together with the caller's signal. */
  signal: AbortSignal;
  /** The outcome of `work`, or a rejection with the abort reason, even if `work` never settles. */
  race: <T>(work: Promise<T>) => Promise<T>;
  release: () => void;
}

/**
 * Limits the time of one request. Not `AbortSignal.any`: it would keep a reference from `parent`, which lives
 * as long as the process, for each request.
 */
export function createDeadline(timeoutMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  function abortWithParent(): void {
    controller.abort(parent.reason);
  }
  const timer = setTimeout(
    () => controller.abort(outboundError('ENORESPONSE', `no response within ${timeoutMs} ms`)),
    timeoutMs,
  );
  parent.addEventListener('abort', abortWithParent);
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  aborted.catch(() => undefined);
  if (parent.aborted) abortWithParent();
  return {
    signal,
    race: (work) => Promise.race([aborted, work]),
    release() {
      clearTimeout(timer);
      parent.removeEventListener('abort', abortWithParent);
    },
  };
}
