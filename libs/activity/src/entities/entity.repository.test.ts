import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entities } from './entity.repository.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

const all = () => store.db.$queryRaw`SELECT org_id, type, id, name FROM entities ORDER BY 1, 2, 3`;

test('register stores a repeated entity once and keeps its first name', async () => {
  const repository = entities(store.db);
  await repository.register([{ orgId: 1, type: 'trunk', id: 't-1', name: 'First' }]);
  await repository.register([
    { orgId: 1, type: 'trunk', id: 't-1', name: 'Second' },
    { orgId: 1, type: 'source', id: 't-1' },
  ]);
  await repository.register([]);
  expect(await all()).toEqual([
    { org_id: 1, type: 'source', id: 't-1', name: null },
    { org_id: 1, type: 'trunk', id: 't-1', name: 'First' },
  ]);
});

test('concurrent registers of the same entities in opposite orders do not deadlock', async () => {
  const found = Array.from({ length: 200 }, (_, index) => ({ orgId: 1, type: 'trunk', id: `many-${index}` }));
  const attempts = Array.from({ length: 10 }, (_, index) =>
    entities(store.db).register(index % 2 ? found : [...found].reverse()),
  );
  await expect(Promise.all(attempts)).resolves.toHaveLength(10);
});
