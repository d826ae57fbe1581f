import { createTestDatabase } from '@oriontel/database/testing';
import { createLogger } from '@oriontel/service';
import { expect, test } from 'vitest';
import { startSummaryFolding } from './start-summary-folding.ts';

const log = createLogger('test', 'silent');

test('startSummaryFolding folds until it is stopped and survives a missing database', async () => {
  const store = await createTestDatabase();
  function count() {
    return store.db.$executeRaw`
      INSERT INTO cdr_summary_deltas (org_id, hour, trunk_id, source, leg, disposition, calls, billsec)
      VALUES (1, '2024-01-15T10:00:00Z', '', 'node', 'a', 'BUSY', 1, 0)`;
  }
  const folded = async () => ((await store.db.cdrSummary.findFirst())?.calls ?? 0n).toString();
  await count();
  const stop = startSummaryFolding(store.db, log, 10);
  await expect.poll(folded, { timeout: 10_000 }).toBe('1');
  await count();
  await expect.poll(folded, { timeout: 10_000 }).toBe('2');
  await stop();
  await count();
  expect(await folded()).toBe('2');
  await store.drop();
  await expect(startSummaryFolding(store.db, log, 10)()).resolves.toBeUndefined();
});
