import { expect, test } from 'vitest';
import { Failure, failures, type FailureCode } from './failure.ts';

test.each(Object.keys(failures) as FailureCode[])(
  'a failure %s has the status, message and retryability of its code',
  (code) => {
    const failure = new Failure(code);
    const { status, message, retryable } = failures[code];
    expect(failure).toMatchObject({ code, status, message, isRetryable: retryable, details: [] });
  },
);

test('a failure keeps its cause', () => {
  const cause = new Error('cause');
  expect(new Failure('unavailable', 'Later.', { cause }).cause).toBe(cause);
});
