import { hostname } from 'node:os';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostSamples } from './host-sample.repository.ts';
import { sampleHost } from './sample-host.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

test('sampleHost stores a sample under the host name for the default organization', async () => {
  const began = new Date();
  expect(await sampleHost(store.db)).toBe(hostname());
  const { items, total } = await hostSamples(store.db).list(1, {}, { limit: 10, offset: 0 });
  expect(total).toBe(1);
  expect(items[0]).toMatchObject({ orgId: 1, host: hostname() });
  expect(items[0]!.ramUsage).toBeGreaterThan(0);
  expect(items[0]!.sampledAt.getTime()).toBeGreaterThanOrEqual(began.getTime());
});
