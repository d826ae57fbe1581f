import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEntityRegistrar } from './create-entity-registrar.ts';

let store: TestDatabase;
beforeAll(async () => void (store = await createTestDatabase()));
afterAll(() => store.drop());

const trunk = { orgId: 1, type: 'trunk', id: 't-1' };
const count = () => store.db.entity.count();

test('an entity whose transaction was undone is registered by the next one', async () => {
  const register = createEntityRegistrar();
  const undone = store.db.$transaction(async (tx) => {
    await register(tx, [trunk]);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await count()).toBe(0);
  await store.db.$transaction((tx) => register(tx, [trunk]));
  expect(await count()).toBe(1);
});

test('one that is known is not asked for again', async () => {
  const register = createEntityRegistrar();
  await register(store.db, [trunk]);
  await register(store.db, [trunk]);
  await store.db.entity.deleteMany();
  await register(store.db, [trunk]);
  expect(await count()).toBe(0);
});
