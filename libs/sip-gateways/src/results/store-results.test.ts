import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createPartitions } from '@oriontel/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteGateway } from '../gateways/delete-gateway.ts';
import type { FoundGateway } from '../gateways/gateway.ts';
import {
  buildMeasurement,
  createTestGateway,
  createTestPipeline,
  buildIntakeRow,
  storeInTransaction,
} from '../testing.ts';
import type { GatewayEvent } from './gateway-event.ts';
import type { ResultStatus } from './gateway-result.ts';
import { gatewayStates } from './gateway-state.repository.ts';

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

const START = Date.parse('2024-01-15T10:00:00Z');
const at = (minute: number) => new Date(START + minute * 60_000).toISOString();
async function stateOf(gateway: FoundGateway) {
  const { lastId: _, ...state } = (await gatewayStates(database.db).read(gateway))!.state;
  return state;
}
async function storedOf({ key }: FoundGateway): Promise<number> {
  const [row] = await database.db.$queryRaw<[{ count: number }]>`
    SELECT count(*)::int AS count
    FROM gateway_results
    WHERE gateway_key = ${key}::uuid`;
  return row.count;
}
function rowsOf(gateway: FoundGateway, statuses: string, first = 0) {
  return statuses
    .split(' ')
    .map((status, index) =>
      buildIntakeRow(gateway, buildMeasurement({ status: status as ResultStatus, at: at(first + index) })),
    );
}
/** A `WriteEvents` that collects the events. */
function collectEvents() {
  const events: GatewayEvent[] = [];
  return { events, write: async (_tx: unknown, more: GatewayEvent[]) => void events.push(...more) };
}

test('storeResults stores results and updates the state of their gateway only', async () => {
  const [one, other] = [await createTestGateway(database.db), await createTestGateway(database.db)];
  await storeInTransaction(database.db, [...rowsOf(one, 'up up'), ...rowsOf(other, 'down')]);
  await storeInTransaction(database.db, rowsOf(one, 'degraded down', 2));
  expect(await stateOf(one)).toMatchObject({
    status: 'up',
    since: new Date(at(0)),
    lastCheck: new Date(at(3)),
    consecutiveSuccesses: 0,
    consecutiveFailures: 1,
    consecutiveTroubles: 2,
  });
  expect(await stateOf(other)).toMatchObject({ status: 'down', consecutiveFailures: 1 });
  expect([await storedOf(one), await storedOf(other)]).toEqual([4, 1]);
});

test('storeResults counts a row handled twice once, even by four concurrent workers', async () => {
  const gateway = await createTestGateway(database.db);
  const { events, write } = collectEvents();
  const rows = rowsOf(gateway, 'up up down down down up up down');
  await Promise.all(
    [0, 1, 2, 3].map((n) => storeInTransaction(database.db, n % 2 ? rows : [...rows].reverse(), write)),
  );
  await storeInTransaction(database.db, rows, write);
  expect(await storedOf(gateway)).toBe(8);
  expect(await stateOf(gateway)).toMatchObject({ status: 'up', consecutiveFailures: 1 });
  expect(events.map(({ type }) => type)).toEqual(['gateway_down', 'gateway_up']);
});

test('storeResults by four workers for the same gateways neither deadlocks nor loses a result', async () => {
  const gateways = await Promise.all(Array.from({ length: 20 }, () => createTestGateway(database.db)));
  const now = at(0);
  const batch = () => gateways.map((gateway) => buildIntakeRow(gateway, buildMeasurement({ at: now })));
  async function work(n: number) {
    for (let i = 0; i < 10; i += 1)
      await storeInTransaction(database.db, n % 2 ? batch() : batch().reverse());
  }
  await Promise.all([1, 2, 3, 4].map(work));
  for (const gateway of gateways) {
    expect(await storedOf(gateway)).toBe(40);
    expect(await stateOf(gateway)).toMatchObject({ status: 'up', consecutiveSuccesses: 40 });
  }
});

test('storeResults stores a late result without changing the state', async () => {
  const gateway = await createTestGateway(database.db);
  await storeInTransaction(database.db, rowsOf(gateway, 'up', 10));
  const before = await stateOf(gateway);
  await storeInTransaction(database.db, rowsOf(gateway, 'down down down down', 1));
  expect(await stateOf(gateway)).toEqual(before);
  expect(await storedOf(gateway)).toBe(5);
});

test('storeResults applies a batch in the order of acceptance', async () => {
  const gateway = await createTestGateway(database.db);
  await storeInTransaction(database.db, rowsOf(gateway, 'up up down').reverse());
  expect(await stateOf(gateway)).toMatchObject({ lastCheck: new Date(at(2)), consecutiveFailures: 1 });
});

test('storeResults by concurrent workers in another order leads to the same state', async () => {
  const gateway = await createTestGateway(database.db);
  const { events, write } = collectEvents();
  const rows = rowsOf(gateway, 'up down down up down down down up degraded up down');
  const shuffled = [10, 3, 7, 0, 6, 1, 9, 4, 2, 8, 5].map((index) => rows[index]!);
  await Promise.all(
    [0, 1, 2, 3].map(async (worker) => {
      for (let i = worker; i < rows.length; i += 4)
        await storeInTransaction(database.db, [shuffled[i]!], write);
    }),
  );
  expect(await storedOf(gateway)).toBe(11);
  expect(await stateOf(gateway)).toMatchObject({
    status: 'degraded',
    since: new Date(at(8)),
    lastCheck: new Date(at(10)),
    consecutiveSuccesses: 0,
    consecutiveFailures: 1,
    consecutiveTroubles: 1,
    jitterMs: 0,
  });
  // Whatever events came before, the last one matches the state.
  expect(events.at(-1)?.type).toBe('gateway_degraded');
});

test('storeResults writes an event for each change of status, in order', async () => {
  const gateway = await createTestGateway(database.db, { name: 'East' });
  const { events, write } = collectEvents();
  await storeInTransaction(database.db, rowsOf(gateway, 'up'), write);
  expect(events).toEqual([]);
  const twice = rowsOf(gateway, 'down down', 1);
  const failure = { status: 'down', at: at(3), latencyMs: null, error: 'timeout' } as const;
  const third = buildIntakeRow(gateway, buildMeasurement(failure));
  await storeInTransaction(database.db, [...twice, third, ...rowsOf(gateway, 'up up', 4)], write);
  expect(events).toMatchObject([{ type: 'gateway_down' }, { type: 'gateway_up' }]);
  expect(events[0]).toEqual({
    orgId: 1,
    entity: `gateway/${gateway.id}`,
    type: 'gateway_down',
    data: {
      gateway: gateway.id,
      name: 'East',
      host: '192.0.2.1',
      port: 5060,
      status: 'down',
      previous_status: 'up',
      previous_since: '2024-01-15T10:00:00Z',
      since: '2024-01-15T10:03:00Z',
      latency_ms: null,
      packet_loss: null,
      sip_code: null,
      error: 'timeout',
      source: 'test',
    },
    at: new Date(at(3)),
    notify: true,
  });
});

test('storeResults stores neither result nor state if the event cannot be written', async () => {
  const gateway = await createTestGateway(database.db);
  const rows = rowsOf(gateway, 'down');
  async function fail() {
    throw new Error('disk full');
  }
  await expect(storeInTransaction(database.db, rows, fail)).rejects.toThrow('disk full');
  expect([await storedOf(gateway), (await stateOf(gateway)).status]).toEqual([0, 'unknown']);
  const { events, write } = collectEvents();
  await storeInTransaction(database.db, rows, write);
  expect([await storedOf(gateway), events.length]).toEqual([1, 1]);
});

test('storeResults keeps results of a deleted gateway apart from a new gateway with its id', async () => {
  const gateway = await createTestGateway(database.db);
  const { accept, drain, jobs, close } = createTestPipeline(database.db);
  await storeInTransaction(database.db, rowsOf(gateway, 'up'));
  await accept(gateway, buildMeasurement({ status: 'down' }), 'req');
  await close();
  expect(await deleteGateway(database.db)(gateway)).toBe(true);
  expect(await deleteGateway(database.db)(gateway)).toBe(false);
  const next = await createTestGateway(database.db, { id: gateway.id });
  for (const job of jobs) await drain(job);
  expect([await storedOf(gateway), await storedOf(next)]).toEqual([2, 0]);
  expect(await stateOf(next)).toMatchObject({ status: 'unknown', lastCheck: null });
  expect(await database.db.intakeRow.count()).toBe(0);
});

test('the drain of a repeated job stores each result once, even by concurrent workers', async () => {
  const gateway = await createTestGateway(database.db);
  const { accept, drain, jobs, close } = createTestPipeline(database.db);
  await Promise.all(Array.from({ length: 20 }, () => accept(gateway, buildMeasurement(), 'req')));
  await close();
  for (const job of jobs) await Promise.all([drain(job), drain(job), drain({ ...job, swept: true })]);
  for (const job of jobs) await drain(job);
  expect(await storedOf(gateway)).toBe(20);
  expect(await stateOf(gateway)).toMatchObject({ consecutiveSuccesses: 20 });
});

test('acceptResult rounds numbers and cuts long texts, and stores them unchanged otherwise', async () => {
  const gateway = await createTestGateway(database.db);
  const { accept, drain, jobs, close } = createTestPipeline(database.db);
  const error = `'; DROP TABLE gateway_results; -- ${'ü'.repeat(5_000)}`;
  const kept = await accept(
    gateway,
    buildMeasurement({ latencyMs: 1 / 3, jitterMs: 3_600_000, error }),
    'req',
  );
  expect(kept).toMatchObject({ latencyMs: 0.333, error: error.slice(0, 1_024) });
  await close();
  for (const job of jobs) await drain(job);
  const { latencyMs, jitterMs, error: stored } = await stateOf(gateway);
  expect([latencyMs, jitterMs, stored]).toEqual([0.333, 3_600_000, error.slice(0, 1_024)]);
});

test('storeResults stores into the partition of the month, which has the one index', async () => {
  const gateway = await createTestGateway(database.db);
  await createPartitions(database.db);
  await storeInTransaction(database.db, [buildIntakeRow(gateway, buildMeasurement())]);
  const [row] = await database.db.$queryRaw<[{ place: string; indexes: string[] }]>`
    SELECT tableoid::regclass::text AS place, (
      SELECT array_agg(pg_get_indexdef(indexrelid))
      FROM pg_index
      WHERE indrelid = gateway_results.tableoid
    ) AS indexes
    FROM gateway_results
    WHERE gateway_key = ${gateway.key}::uuid`;
  expect(row.place).toBe(`gateway_results_${new Date().toISOString().slice(0, 7).replace('-', '_')}`);
  expect(row.indexes).toEqual([
    expect.stringMatching(/UNIQUE .*\(org_id, gateway_key, at, id\) INCLUDE \(status, latency_ms\)$/),
  ]);
});
