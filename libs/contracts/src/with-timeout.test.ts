import { expect, test } from 'vitest';
import { withTimeout } from './with-timeout.ts';

test('work that ends in time has its own outcome', async () => {
  expect(await withTimeout(10_000, 'work', Promise.resolve(7))).toBe(7);
  await expect(withTimeout(10_000, 'work', Promise.reject(new Error('own')))).rejects.toThrow('own');
});

test('work that never ends is a failure that names it', async () => {
  await expect(withTimeout(10, 'asking x', new Promise(() => undefined))).rejects.toThrow(
    'asking x took longer than 10 ms',
  );
});
