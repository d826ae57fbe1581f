import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { lockDataDir } from './lock-data-dir.ts';

test('lockDataDir locks a folder once, and again after it was unlocked', async () => {
  const folder = await temporaryFolder();
  const unlock = await lockDataDir(folder);
  await expect(lockDataDir(folder)).rejects.toThrow(`process ${process.pid}) is running on ${folder}`);
  await unlock();
  await lockDataDir(folder);
});

test('lockDataDir lets one of many concurrent callers succeed', async () => {
  const folder = await temporaryFolder();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(folder)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test.each([
  ['an ended process', '999999999\nlong ago\n'],
  ['a process whose pid was reused', `${process.pid}\nlong ago\n`],
  ['an incomplete write', ''],
])('lockDataDir replaces the lock of %s', async (_owner, content) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'stack.pid'), content);
  await lockDataDir(folder);
  expect(await readdir(folder)).toEqual(['stack.pid']);
});
