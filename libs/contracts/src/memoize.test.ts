import { expect, test } from 'vitest';
import { memoize } from './memoize.ts';

test('callers at the same time share one answer, later ones too until it is old', async () => {
  let asked = 0;
  const ask = memoize(60_000, async (key) => `${key} ${(asked += 1)}`);
  expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual(['a 1', 'a 1', 'b 2']);
  expect(await ask('a')).toBe('a 1');
  const never = memoize(0, async () => (asked += 1));
  expect(await never('a')).not.toBe(await never('a'));
});

test('a failure is not remembered', async () => {
  let asked = 0;
  const ask = memoize(60_000, async () => {
    asked += 1;
    if (asked === 1) throw new Error('away');
    return 'back';
  });
  await expect(ask('a')).rejects.toThrow('away');
  expect(await ask('a')).toBe('back');
});
