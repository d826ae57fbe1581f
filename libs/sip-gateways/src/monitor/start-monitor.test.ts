import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FoundGateway, GatewayRef } from '../gateways/gateway.ts';
import { gateways } from '../gateways/gateway.repository.ts';
import type { ProbeResult, ProbeTarget } from '../sip/prober.ts';
import { shards } from './shard.repository.ts';
import { startMonitor, type Monitor } from './start-monitor.ts';

let store: TestDatabase;
const monitors: Monitor[] = [];
beforeEach(async () => {
  store = await createTestDatabase();
});
afterEach(async () => {
  for (const monitor of monitors.splice(0)) await monitor.stop();
  await store.drop();
});

const result: ProbeResult = {
  at: new Date(),
  status: 'up',
  latencyMs: 1,
  sent: 1,
  lossPercent: 0,
  sipCode: 200,
  error: null,
  reason: 'Answered 200 OK.',
};
const patient = { timeout: 15_000, interval: 20 };

/** A gateway probed every second: routes allow five seconds at least. */
function insertGateway(id: string, more: Partial<FoundGateway> = {}): Promise<FoundGateway> {
  return gateways(store.db).insert({
    orgId: 1,
    id,
    key: uuidv7(),
    name: id,
    host: `${id}.example.com`,
    port: 5060,
    transport: 'udp',
    intervalSeconds: 1,
    timeoutMs: 500,
    okCodes: [],
    failuresToDown: 3,
    successesToUp: 2,
    enabled: true,
    ...more,
  });
}

/** A monitor with a fake prober; errors fail the test. */
function startTestMonitor(probe: (target: ProbeTarget) => Promise<ProbeResult> = async () => result) {
  const probed: string[] = [];
  const recorded: GatewayRef[] = [];
  const lateness: number[] = [];
  const errors: unknown[] = [];
  const monitor = startMonitor(store.db, {
    id: randomUUID(),
    prober: {
      probe(target) {
        probed.push(target.host);
        return probe(target);
      },
    },
    allowPrivate: false,
    record: async (gateway) => recorded.push(gateway),
    onProbe: (lateMs) => lateness.push(lateMs),
    onError: (error) => errors.push(error),
  });
  monitors.push(monitor);
  return { monitor, probed, recorded, lateness, errors };
}

test('startMonitor probes each enabled gateway at its interval and records the results', async () => {
  const a = await insertGateway('a');
  await insertGateway('b');
  await insertGateway('off', { enabled: false });
  const { monitor, probed, recorded, lateness, errors } = startTestMonitor();
  await monitor.ready;
  expect([monitor.isLeaseValid(), monitor.size()]).toEqual([true, 2]);
  await expect.poll(() => recorded.length, patient).toBeGreaterThanOrEqual(6);
  expect(new Set(probed)).toEqual(new Set(['a.example.com', 'b.example.com']));
  expect(recorded).toContainEqual(a);
  expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
  expect(errors).toEqual([]);
});

test('startMonitor applies changed, new, disabled and deleted gateways', async () => {
  const [moved, disabled, deleted] = [
    await insertGateway('moved'),
    await insertGateway('disabled'),
    await insertGateway('deleted'),
  ];
  const { monitor, probed } = startTestMonitor();
  await monitor.ready;
  expect(monitor.size()).toBe(3);
  await gateways(store.db).update({ ...moved, host: 'new.example.com' });
  await gateways(store.db).update({ ...disabled, enabled: false });
  await gateways(store.db).delete(deleted);
  await insertGateway('added');
  await expect.poll(monitor.size, patient).toBe(2);
  await expect.poll(() => probed, patient).toContain('new.example.com');
  await expect.poll(() => probed, patient).toContain('added.example.com');
});

test('startMonitor never probes a gateway twice at once, and stop releases its shards', async () => {
  await insertGateway('slow');
  let finish: (result: ProbeResult) => void = () => undefined;
  const { monitor, probed, recorded } = startTestMonitor(() => new Promise((resolve) => (finish = resolve)));
  await expect.poll(() => probed.length, patient).toBe(1);
  // Longer than its interval.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(probed).toHaveLength(1);

  const stopped = monitor.stop();
  finish(result);
  await stopped;
  expect(recorded).toHaveLength(1);
  expect(monitor.isLeaseValid()).toBe(false);
  expect(await shards(store.db).countHeld()).toEqual({ held: 0, monitors: 0 });
});

test('startMonitor reports a failing probe and continues', async () => {
  await insertGateway('a');
  const failure = new Error('no socket left');
  const { probed, recorded, errors } = startTestMonitor(async () => {
    if (probed.length === 1) throw failure;
    return result;
  });
  await expect.poll(() => recorded.length, patient).toBeGreaterThanOrEqual(1);
  expect(errors).toEqual([failure]);
});
