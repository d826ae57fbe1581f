import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FoundGateway } from '../gateways/gateway.ts';
import {
  buildMeasurement,
  createTestGateway,
  createTestPipeline,
  buildIntakeRow,
  storeInTransaction,
} from '../testing.ts';
import type { Measurement } from './gateway-result.ts';
import { presentStatus } from './present-status.ts';
import { readStatus } from './read-status.ts';

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

const MINUTE_MS = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS).toISOString();
function store(gateway: FoundGateway, measured: Partial<Measurement>[]) {
  return storeInTransaction(
    database.db,
    measured.map((more) => buildIntakeRow(gateway, buildMeasurement(more))),
  );
}
async function read(gateway: FoundGateway, hours: number | null = null) {
  return presentStatus(gateway, await readStatus(database.db)(gateway, hours));
}

test('readStatus returns the status unknown before the first result', async () => {
  const gateway = await createTestGateway(database.db);
  expect(await read(gateway, 24)).toEqual({
    status: 'success',
    gateway: { id: gateway.id, name: gateway.name, host: '192.0.2.1', port: 5060 },
    current_status: {
      reachable: null,
      latency_ms: null,
      last_check: null,
      consecutive_successes: 0,
      uptime_percent_24h: null,
      status: 'unknown',
      since: null,
      consecutive_failures: 0,
      jitter_ms: null,
      packet_loss: null,
      sip_code: null,
      error: null,
    },
    history: [],
  });
});

test('reachable follows the last result, status follows the thresholds', async () => {
  const gateway = await createTestGateway(database.db);
  await store(gateway, [{ at: ago(3) }, { at: ago(2), status: 'down', latencyMs: null, error: 'timeout' }]);
  const { current_status } = await read(gateway);
  expect(current_status).toMatchObject({
    reachable: false,
    status: 'up',
    error: 'timeout',
    latency_ms: null,
  });
  await store(gateway, [{ at: ago(1), status: 'degraded' }]);
  expect((await read(gateway)).current_status).toMatchObject({ reachable: true, consecutive_successes: 1 });
});

describe('uptime', () => {
  test('is the percentage of 24 hours that was not down, including late results, rounded down', async () => {
    const gateway = await createTestGateway(database.db);
    await store(gateway, [
      { at: ago(1) },
      { at: ago(2), status: 'degraded' },
      { at: ago(3), status: 'down' },
      { at: ago(24 * 60 - 1) },
      { at: ago(24 * 60 + 1), status: 'down' },
    ]);
    expect((await read(gateway)).current_status.uptime_percent_24h).toBe(75);
    await store(gateway, [{ at: ago(600) }, { at: ago(601) }]);
    expect((await read(gateway)).current_status.uptime_percent_24h).toBe(83.33);
  });

  test('is 100 only if nothing was down, and null without results in 24 hours', async () => {
    const gateway = await createTestGateway(database.db);
    await store(gateway, [{ at: ago(25 * 60) }]);
    expect((await read(gateway)).current_status).toMatchObject({ reachable: true, uptime_percent_24h: null });
    const many = Array.from({ length: 20_001 }, (_, index) => ({ at: ago(1 + index / 1_000) }));
    await store(gateway, many);
    expect((await read(gateway)).current_status.uptime_percent_24h).toBe(100);
    await store(gateway, [{ at: ago(30), status: 'down' }]);
    expect((await read(gateway)).current_status.uptime_percent_24h).toBe(99.99);
  });
});

describe('history', () => {
  test('lists each result of its hours, newest first', async () => {
    const gateway = await createTestGateway(database.db);
    const [newest, middle, oldest] = [ago(1), ago(30), ago(59)];
    await store(gateway, [
      { at: middle, status: 'down', latencyMs: null },
      { at: newest, latencyMs: 21.5 },
      { at: oldest, status: 'degraded' },
      { at: ago(61) },
    ]);
    const single = { results: 1, uptime_percent: 100, reachable: true };
    expect((await read(gateway, 1)).history).toEqual([
      { ...single, timestamp: newest, latency_ms: 21.5, status: 'up' },
      { ...single, timestamp: middle, latency_ms: null, status: 'down', reachable: false, uptime_percent: 0 },
      { ...single, timestamp: oldest, latency_ms: 20, status: 'degraded' },
    ]);
    expect((await read(gateway, 2)).history).toHaveLength(4);
    expect(await read(gateway)).not.toHaveProperty('history');
  });

  test('lists each of 500 results, and puts 501 into up to 500 buckets without losing one', async () => {
    const gateway = await createTestGateway(database.db);
    const times = Array.from({ length: 500 }, (_, index) => ({ at: ago(1 + index * 0.1) }));
    await store(gateway, times);
    expect((await read(gateway, 1)).history).toHaveLength(500);
    await store(gateway, [{ at: ago(1.05) }]);
    const { history } = await read(gateway, 1);
    // Buckets of 7.2 s: 50 minutes are about 417 buckets.
    expect(history!.length).toBeGreaterThanOrEqual(416);
    expect(history!.length).toBeLessThanOrEqual(418);
    expect(history!.reduce((sum, { results }) => sum + results, 0)).toBe(501);
  });

  test.each([48, 720])(
    'of %i hours has the worst status, the uptime and the mean latency of each bucket',
    async (hours) => {
      const gateway = await createTestGateway(database.db);
      const hour = 60 * MINUTE_MS;
      // Buckets of 345.6 s from the beginning of the history on, or of whole hours.
      const middle =
        hours === 48 ? Date.now() - 100.5 * 345_600 : Math.floor(Date.now() / hour) * hour - 200.5 * hour;
      const others = Array.from({ length: 600 }, (_, index) => ({ at: ago(60 + index / 60) }));
      const timestamp = new Date(middle + 1).toISOString();
      await store(gateway, [
        ...others,
        { at: new Date(middle - 2_000).toISOString(), latencyMs: 10 },
        { at: new Date(middle - 1_000).toISOString(), status: 'degraded', latencyMs: 21 },
        { at: timestamp, status: 'down', latencyMs: 1_000 },
      ]);
      const { history } = await read(gateway, hours);
      expect(history!.find((point) => point.status === 'down')).toEqual({
        timestamp,
        reachable: false,
        latency_ms: 15.5,
        status: 'down',
        results: 3,
        uptime_percent: 66.66,
      });
      expect(history!.reduce((sum, { results }) => sum + results, 0)).toBe(603);
    },
  );

  test('of 30 days counts the results of the first hour from its beginning on', async () => {
    const gateway = await createTestGateway(database.db);
    const from = Date.now() - 720 * 60 * MINUTE_MS;
    const recent = Array.from({ length: 501 }, (_, index) => ({ at: ago(index) }));
    await store(gateway, [
      ...recent,
      { at: new Date(from - 1_000).toISOString(), status: 'down' },
      { at: new Date(from + 5_000).toISOString() },
      { at: new Date(from + 61 * MINUTE_MS).toISOString() },
    ]);
    const { history } = await read(gateway, 720);
    expect(history!.reduce((sum, { results }) => sum + results, 0)).toBe(503);
    expect(history!.every(({ reachable }) => reachable)).toBe(true);
    expect(history!.length).toBeLessThanOrEqual(500);
    expect(history!.reduce((sum, { latency_ms }) => sum + latency_ms!, 0) / history!.length).toBe(20);
  });

  test('of 30 days includes accepted results before they are stored', async () => {
    const gateway = await createTestGateway(database.db);
    await store(
      gateway,
      Array.from({ length: 501 }, (_, index) => ({ at: ago(index) })),
    );
    const { accept, drain, jobs, close } = createTestPipeline(database.db);
    await accept(gateway, buildMeasurement({ at: ago(100 * 60), status: 'down' }), 'req');
    await close();
    const total = async () =>
      (await read(gateway, 720)).history!.reduce((sum, { results }) => sum + results, 0);
    expect(await total()).toBe(502);
    for (const job of jobs) await drain(job);
    expect(await total()).toBe(502);
  });

  test('never has more than 500 points, even with results in the future', async () => {
    const gateway = await createTestGateway(database.db);
    await store(
      gateway,
      Array.from({ length: 2_000 }, (_, index) => ({ at: ago(index * 0.03 - 0.3) })),
    );
    const { history } = await read(gateway, 1);
    expect(history!.length).toBeLessThanOrEqual(500);
    expect(history!.length).toBeGreaterThan(490);
    const times = history!.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });
});

test('readStatus counts accepted results before they are stored', async () => {
  const gateway = await createTestGateway(database.db, { failures_to_down: 2 });
  await store(gateway, [{ at: ago(30), latencyMs: 36 }]);
  const { accept, drain, jobs, close } = createTestPipeline(database.db);
  const measured: Partial<Measurement>[] = [
    { at: ago(40), status: 'degraded', latencyMs: 0.1 },
    { at: ago(3), status: 'down', latencyMs: 20, lossPercent: 50 },
    { at: ago(2), status: 'down', latencyMs: null, error: 'timeout', sipCode: 408 },
    { at: ago(2.5), latencyMs: 7 },
  ];
  for (const more of measured) await accept(gateway, buildMeasurement(more), 'req');
  await close();
  const early = await read(gateway, 1);
  expect(early.current_status).toMatchObject({
    reachable: false,
    status: 'down',
    last_check: measured[2]!.at,
    consecutive_failures: 2,
    uptime_percent_24h: 60,
    jitter_ms: 1,
  });
  expect(early.history!.map(({ status }) => status)).toEqual(['down', 'up', 'down', 'up', 'degraded']);
  const other = await createTestGateway(database.db);
  expect((await read(other, 1)).history).toEqual([]);
  for (const job of jobs.reverse()) await drain(job);
  expect(await read(gateway, 1)).toEqual(early);
});

test('history buckets count pending results with stored ones', async () => {
  const gateway = await createTestGateway(database.db);
  await store(
    gateway,
    Array.from({ length: 300 }, (_, index) => ({ at: ago(1 + index * 0.1) })),
  );
  const { accept, close } = createTestPipeline(database.db);
  await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      accept(gateway, buildMeasurement({ at: ago(1.05 + index * 0.1), status: 'down' }), 'req'),
    ),
  );
  await close();
  const { history, current_status } = await read(gateway, 1);
  expect(history!.reduce((sum, { results }) => sum + results, 0)).toBe(600);
  expect(current_status.uptime_percent_24h).toBe(50);
});
