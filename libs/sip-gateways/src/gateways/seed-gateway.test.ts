import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayResults } from '../results/result.repository.ts';
import { gatewayStates } from '../results/gateway-state.repository.ts';
import { buildMeasurement } from '../testing.ts';
import { gateways } from './gateway.repository.ts';
import { seedGateway } from './seed-gateway.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

test('seedGateway repeated stores the gateway and each result once', async () => {
  const { db } = store;
  const settings = { id: 'seeded', name: 'Seeded', host: '192.0.2.1' };
  const [first, second, third] = [3, 2, 1].map((minutes) =>
    buildMeasurement({ at: new Date(Date.now() - minutes * 60_000).toISOString() }),
  );
  await seedGateway(db, 1, settings, [second!, first!]);
  await seedGateway(db, 1, { ...settings, name: 'Ignored' }, [third!, second!, first!]);

  const [gateway, ...others] = await gateways(db).findByIdOrName(1, 'seeded');
  expect(gateway).toMatchObject({ ...settings, orgId: 1 });
  expect(others).toEqual([]);
  const results = await gatewayResults(db).listNewest(gateway!, 10);
  expect(results.map(({ at }) => at)).toEqual([third!.at, second!.at, first!.at]);
  const read = await gatewayStates(db).read(gateway!);
  expect(read!.state).toMatchObject({ status: 'up', consecutiveSuccesses: 3 });
});
