import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createEntityRegistrar } from './create-entity-registrar.ts';

let store: TestDatabase;
beforeAll(async () => void (store = await createTestDatabase()));
afterAll(() => store.drop());
beforeEach(async () => void (await store.db.entity.deleteMany()));

const trunk = { orgId: 1, type: 'trunk', id: 't-1' };
const count = () => store.db.entity.count();

test('the registrar registers an entity again after its transaction was rolled back', async () => {
  const register = createEntityRegistrar();
  const rolledBack = store.db.$transaction(async (tx) => {
    await register(tx, [trunk]);
    throw new Error('rolled back');
  });
  await expect(rolledBack).rejects.toThrow('rolled back');
  expect(await count()).toBe(0);
  await store.db.$transaction((tx) => register(tx, [trunk]));
  expect(await count()).toBe(1);
});

test('the registrar does not insert an entity that it knows to be committed', async () => {
  const register = createEntityRegistrar();
  await register(store.db, [trunk]);
  await register(store.db, [trunk]);
  await store.db.entity.deleteMany();
  await register(store.db, [trunk]);
  expect(await count()).toBe(0);
});
