import type { Principal } from '@oriontel/contracts';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storeSample } from './store-sample.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

const sample = { cpu_usage: 1, ram_usage: 2, swap_usage: 3, disk_usage: {} };

function keyNamed(name: string): Principal {
  return {
    kind: 'key',
    id: '0190a5c0-0000-7000-8000-000000000001',
    orgId: 1,
    scopes: ['metrics:write'],
    name,
  };
}
function insert(principal: Principal, host?: string) {
  return storeSample(store.db, async () => true)(principal, { ...sample, ...(host && { host }) });
}

test('storeSample takes the name of a key as the host, unless the sample has one', async () => {
  const key = keyNamed('pbx-01.example');
  expect(await insert(key)).toMatchObject({ orgId: 1, host: 'pbx-01.example' });
  expect(await insert(key, 'other')).toMatchObject({ host: 'other' });
  expect(await insert(keyNamed('The PBX downstairs'))).toMatchObject({ host: 'unknown' });
});

test('storeSample refuses a manager without an organization', async () => {
  const manager: Principal = {
    kind: 'user',
    id: 1,
    role: 'manager',
    orgId: null,
    username: 'manager',
    sessionId: 'session',
  };
  await expect(insert(manager)).rejects.toMatchObject({ code: 'forbidden' });
});
