import { expect, test } from 'vitest';
import { Failure, failures, type FailureCode } from './failure.ts';

test.each(Object.keys(failures) as FailureCode[])(
  '%s knows its status, its words and whether to try again',
  (code) => {
    const failure = new Failure(code);
    const { status, message, retry } = failures[code];
    expect(failure).toMatchObject({ code, status, message, retry, details: [] });
  },
);

test('a failure keeps its cause', () => {
  const cause = new Error('why');
  expect(new Failure('unavailable', 'Later.', { cause }).cause).toBe(cause);
});
