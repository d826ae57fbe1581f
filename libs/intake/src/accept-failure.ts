import { Failure } from '@oriontel/contracts';
import { isBadData, isUnavailable } from '@oriontel/database';

/** More waits for commits than a process may hold. */
export function overloadedFailure(): Failure {
  return new Failure('unavailable', 'Too much is waiting to be stored. Send the same again later.', {
    retryAfter: 2,
  });
}

/** What a client is told of an error at the commit. */
export function toAcceptFailure(cause: unknown): unknown {
  if (isUnavailable(cause)) {
    return new Failure('unavailable', 'The record could not be stored now. Send the same again later.', {
      cause,
      retryAfter: 2,
    });
  }
  if (isBadData(cause))
    return new Failure('unprocessable', 'The record holds text that cannot be stored.', { cause });
  return cause;
}
