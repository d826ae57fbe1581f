import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestGateway } from '../testing.ts';
import { shards } from './shard.repository.ts';
import { checkProbing } from './check-probing.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

test('checkProbing counts probed gateways, and fails if a shard has no monitor', async () => {
  await createTestGateway(store.db, { enabled: false });
  expect(await checkProbing(store.db)).toBe('0 gateways probed by 0 monitors');
  await createTestGateway(store.db);
  await expect(checkProbing(store.db, 0)).rejects.toThrow('64 of 64 gateway shards');
  const monitor = randomUUID();
  const { held } = await shards(store.db).renew(monitor, 60);
  expect(await checkProbing(store.db)).toBe('1 gateways probed by 1 monitors');
  await shards(store.db).release(monitor, held.slice(0, 4));
  await expect(checkProbing(store.db, 1)).rejects.toThrow('4 of 64 gateway shards');
});
