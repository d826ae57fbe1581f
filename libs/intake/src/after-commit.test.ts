import { expect, test, vi } from 'vitest';
import { afterCommit } from './after-commit.ts';

test('afterCommit returns the result of its work', async () => {
  const onError = vi.fn();
  expect(await afterCommit({ timeoutMs: 60_000, onError }, async () => 3)).toBe(3);
  expect(onError).not.toHaveBeenCalled();
});

test.each([
  ['rejects', () => Promise.reject(new Error('database is down'))],
  ['takes too long', () => new Promise(() => undefined)],
])('afterCommit returns null and reports an error if the work %s', async (_case, work) => {
  const onError = vi.fn();
  expect(await afterCommit({ timeoutMs: 20, onError }, work)).toBeNull();
  expect(onError).toHaveBeenCalledOnce();
});
