import { mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestStores } from './testing.ts';
import { silentLog } from './testing/silent-log.ts';
import { removeStaleTestFolders } from './testing/remove-stale-test-folders.ts';

test('startTestStores uses the stores that the environment names', async () => {
  const named = { TEST_DATABASE_URL: 'postgresql://given/db', REDIS_URL: 'redis://given' };
  const stores = await startTestStores(named);
  expect(stores).toMatchObject({ databaseUrl: named.TEST_DATABASE_URL, redisUrl: named.REDIS_URL });
  await stores.stop();
});

test('removeStaleTestFolders removes the folders of killed runs only', async () => {
  const [dead, alive] = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'oriontel-test-'))));
  await writeFile(join(dead!, 'owner'), '999999999\nlong ago\n');
  await mkdir(join(dead!, 'postgres'));
  await removeStaleTestFolders(silentLog);
  await expect(stat(dead!)).rejects.toThrow();
  await stat(alive!);
  await writeFile(join(alive!, 'owner'), '999999999\nlong ago\n');
  await removeStaleTestFolders(silentLog);
});
