import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { lockDataDir } from './lock-data-dir.ts';

test('a folder is locked once, and again after it was given back', async () => {
  const folder = await temporaryFolder();
  const unlock = await lockDataDir(folder);
  await expect(lockDataDir(folder)).rejects.toThrow(`process ${process.pid}) is running on ${folder}`);
  await unlock();
  await lockDataDir(folder);
});

test('of many at once one gets it', async () => {
  const folder = await temporaryFolder();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(folder)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test.each([
  ['a process that is gone', '999999999\nlong ago\n'],
  ['a process whose number another one has now', `${process.pid}\nlong ago\n`],
  ['nobody, it is empty', ''],
])('the lock of %s is taken over', async (_whose, content) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'stack.pid'), content);
  await lockDataDir(folder);
  expect(await readdir(folder)).toEqual(['stack.pid']);
});
