import { expect, test } from 'vitest';
import { memoize } from './memoize.ts';

test('memoize shares one result among concurrent and later calls until it expires', async () => {
  let loads = 0;
  const read = memoize(60_000, async (key) => `${key} ${(loads += 1)}`);
  expect(await Promise.all([read('a'), read('a'), read('b')])).toEqual(['a 1', 'a 1', 'b 2']);
  expect(await read('a')).toBe('a 1');
  const readUncached = memoize(0, async () => (loads += 1));
  expect(await readUncached('a')).not.toBe(await readUncached('a'));
});

test('memoize does not cache a rejection', async () => {
  let loads = 0;
  const read = memoize(60_000, async () => {
    loads += 1;
    if (loads === 1) throw new Error('database is down');
    return 'value';
  });
  await expect(read('a')).rejects.toThrow('database is down');
  expect(await read('a')).toBe('value');
});
