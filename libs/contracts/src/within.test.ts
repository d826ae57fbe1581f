import { expect, test } from 'vitest';
import { within } from './within.ts';

test('work that ends in time has its own outcome', async () => {
  expect(await within(10_000, 'work', Promise.resolve(7))).toBe(7);
  await expect(within(10_000, 'work', Promise.reject(new Error('own')))).rejects.toThrow('own');
});

test('work that never ends is a failure that names it', async () => {
  await expect(within(10, 'asking x', new Promise(() => undefined))).rejects.toThrow(
    'asking x took longer than 10 ms',
  );
});
