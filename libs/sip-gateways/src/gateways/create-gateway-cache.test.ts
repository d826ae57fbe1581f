import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestGateway } from '../testing.ts';
import { deleteGateway } from './delete-gateway.ts';
import { createGatewayCache } from './create-gateway-cache.ts';
import { updateGateway } from './update-gateway.ts';

let database: TestDatabase;
beforeEach(async () => void (database = await createTestDatabase()));
afterEach(() => database.drop());

test('refresh returns every gateway first, then each new, changed and deleted gateway once', async () => {
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

test('refresh reports a deleted and recreated gateway as a new gateway and a deleted one', async () => {
  const { db } = database;
  const old = await createTestGateway(db);
  const { refresh, all } = createGatewayCache(db);
  await refresh();
  await deleteGateway(db)(old);
  const recreated = await createTestGateway(db, { id: old.id });
  expect(await refresh()).toEqual({ changed: [recreated], gone: [old] });
  expect([...all().keys()]).toEqual([recreated.key]);
});

test('refresh reports the deletion of the only gateway', async () => {
  const { db } = database;
  const { refresh } = createGatewayCache(db);
  expect(await refresh()).toEqual({ changed: [], gone: [] });
  const gateway = await createTestGateway(db);
  expect(await refresh()).toEqual({ changed: [gateway], gone: [] });
  await deleteGateway(db)(gateway);
  expect(await refresh()).toEqual({ changed: [], gone: [gateway] });
});

test('refresh reports each of several changes within a millisecond', async () => {
  const { db } = database;
  const gateway = await createTestGateway(db);
  const { refresh, all } = createGatewayCache(db);
  await refresh();
  for (let i = 0; i < 20; i += 1) {
    await updateGateway(db)(gateway, { name: `name ${i}` });
    await refresh();
    expect(all().get(gateway.key)!.name).toBe(`name ${i}`);
  }
  const concurrent = await Promise.all(
    Array.from({ length: 20 }, (_, i) => updateGateway(db)(gateway, { name: `concurrent ${i}` })),
  );
  expect(new Set(concurrent.map((row) => row!.updatedAt.getTime())).size).toBe(20);
});

test('refresh reports a change whose commit became visible late', async () => {
  const { db } = database;
  const [first, second] = [await createTestGateway(db), await createTestGateway(db)];
  const { refresh, all } = createGatewayCache(db);
  await refresh();
  await updateGateway(db)(second, { name: 'newest' });
  await refresh();
  // As if its commit had taken five seconds.
  await db.$executeRaw`
    UPDATE gateways
    SET name = 'late', updated_at = clock_timestamp() - interval '5 s'
    WHERE id = ${first.id}`;
  await refresh();
  expect(all().get(first.key)!.name).toBe('late');
});
