import { Failure } from '@oriontel/contracts';
import { isBadData, isUnavailable } from '@oriontel/database';

const RETRY_AFTER_SECONDS = 2;

/** The bytes waiting for a commit exceed the limit of this process. */
export function overloadedFailure(): Failure {
  return new Failure(
    'unavailable',
    'Too many records are waiting to be stored. Send the request again later.',
    {
      retryAfter: RETRY_AFTER_SECONDS,
    },
  );
}

/** Translates a commit error into the failure for the client; unknown errors are returned unchanged. */
export function toAcceptFailure(cause: unknown): unknown {
  if (isUnavailable(cause)) {
    return new Failure('unavailable', 'The record could not be stored. Send the request again later.', {
      cause,
      retryAfter: RETRY_AFTER_SECONDS,
    });
  }
  if (isBadData(cause)) {
    return new Failure('unprocessable', 'The record contains text that cannot be stored.', { cause });
  }
  return cause;
}
