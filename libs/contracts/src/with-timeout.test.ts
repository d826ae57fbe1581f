import { expect, test } from 'vitest';
import { withTimeout } from './with-timeout.ts';

test('withTimeout returns the outcome of work that finishes in time', async () => {
  expect(await withTimeout(10_000, 'work', Promise.resolve(7))).toBe(7);
  await expect(withTimeout(10_000, 'work', Promise.reject(new Error('own')))).rejects.toThrow('own');
});

test('withTimeout rejects with a message that names the work', async () => {
  await expect(withTimeout(10, 'reading x', new Promise(() => undefined))).rejects.toThrow(
    'reading x took longer than 10 ms',
  );
});
