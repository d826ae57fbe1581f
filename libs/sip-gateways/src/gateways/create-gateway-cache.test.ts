import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestGateway } from '../testing.ts';
import { deleteGateway } from './delete-gateway.ts';
import { createGatewayCache } from './create-gateway-cache.ts';
import { updateGateway } from './update-gateway.ts';

let database: TestDatabase;
beforeEach(async () => void (database = await createTestDatabase()));
afterEach(() => database.drop());

test('a follower is told all at first, then what is new, changed and gone, each once', async () => {
  const { db } = database;
  const [a, b] = [await createTestGateway(db), await createTestGateway(db, { orgId: 2 })];
  const { refresh, all } = createGatewayCache(db);
  expect((await refresh()).changed.map(({ id }) => id).sort()).toEqual([a.id, b.id].sort());
  expect(await refresh()).toEqual({ changed: [], gone: [] });

  const updated = await updateGateway(db)(a, { interval_seconds: 5 });
  const c = await createTestGateway(db, { enabled: false });
  const { changed } = await refresh();
  expect(changed.sort((x, y) => (x.id < y.id ? -1 : 1))).toEqual([updated!, c]);

  await deleteGateway(db)(a);
  expect(await refresh()).toEqual({ changed: [], gone: [updated] });
  expect([...all().values()].map(({ id }) => id).sort()).toEqual([b.id, c.id].sort());
  expect(await refresh()).toEqual({ changed: [], gone: [] });
});

test('one that is deleted and made again, or replaced by another, is a new one and the old is gone', async () => {
  const { db } = database;
  const old = await createTestGateway(db);
  const { refresh, all } = createGatewayCache(db);
  await refresh();
  await deleteGateway(db)(old);
  const again = await createTestGateway(db, { id: old.id });
  expect(await refresh()).toEqual({ changed: [again], gone: [old] });
  expect([...all().keys()]).toEqual([again.key]);
});

test('the last one that is deleted is gone, too, and the next one is new', async () => {
  const { db } = database;
  const { refresh } = createGatewayCache(db);
  expect(await refresh()).toEqual({ changed: [], gone: [] });
  const gateway = await createTestGateway(db);
  expect(await refresh()).toEqual({ changed: [gateway], gone: [] });
  await deleteGateway(db)(gateway);
  expect(await refresh()).toEqual({ changed: [], gone: [gateway] });
});

test('changes that follow each other within a millisecond are told, both of them', async () => {
  const { db } = database;
  const gateway = await createTestGateway(db);
  const { refresh, all } = createGatewayCache(db);
  await refresh();
  for (let i = 0; i < 20; i += 1) {
    await updateGateway(db)(gateway, { name: `name ${i}` });
    await refresh();
    expect(all().get(gateway.key)!.name).toBe(`name ${i}`);
  }
  const times = await Promise.all(
    Array.from({ length: 20 }, (_, i) => updateGateway(db)(gateway, { name: `at once ${i}` })),
  );
  expect(new Set(times.map((row) => row!.updatedAt.getTime())).size).toBe(20);
});

test('a change that became visible late is told all the same', async () => {
  const { db } = database;
  const [first, second] = [await createTestGateway(db), await createTestGateway(db)];
  const { refresh, all } = createGatewayCache(db);
  await refresh();
  await updateGateway(db)(second, { name: 'newest' });
  await refresh();
  // As if its commit had taken five seconds.
  await db.$executeRaw`
    UPDATE gateways SET name = 'late', updated_at = clock_timestamp() - interval '5 s' WHERE id = ${first.id}`;
  await refresh();
  expect(all().get(first.key)!.name).toBe('late');
});
