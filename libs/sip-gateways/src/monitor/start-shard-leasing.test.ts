import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startShardLeasing, type ShardLeasing } from './start-shard-leasing.ts';
import { SHARD_COUNT } from './shard.ts';
import { shards } from './shard.repository.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

const pace = { leaseSeconds: 1, renewalSeconds: 0.1 };
const all = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);

interface TestMonitor {
  held: () => number[];
  leasing: ShardLeasing;
}
let monitors: TestMonitor[] = [];
let errors: unknown[] = [];
afterEach(async () => {
  for (const { leasing } of monitors) await leasing.stop();
  monitors = [];
  expect(errors).toEqual([]);
  errors = [];
});

function startTestMonitor(
  onRenewed: (held: number[]) => Promise<void> = async () => undefined,
  onError: (error: unknown) => void = (error) => errors.push(error),
): TestMonitor {
  let held: number[] = [];
  const leasing = startShardLeasing(store.db, {
    id: randomUUID(),
    pace,
    async onRenewed(current) {
      await onRenewed(current);
      held = current;
    },
    onError,
  });
  const monitor = { leasing, held: () => held };
  monitors.push(monitor);
  return monitor;
}

const waitFor = <T>(read: () => T) => expect.poll(read, { timeout: 15_000, interval: 20 });

const allHeld = (): number[] => monitors.flatMap(({ held }) => held()).sort((a, b) => a - b);
const sizes = (): number[] => monitors.map(({ held }) => held().length).sort((a, b) => a - b);

test('one monitor leases every shard; several divide them, each shard to one monitor', async () => {
  startTestMonitor();
  await waitFor(allHeld).toEqual(all);
  startTestMonitor();
  await waitFor(sizes).toEqual([32, 32]);
  startTestMonitor();
  await waitFor(sizes).toEqual([20, 22, 22]);
  expect(allHeld()).toEqual(all);
  await waitFor(() => monitors.every(({ leasing }) => leasing.isLeaseValid())).toBe(true);
});

test('the shards of a stopped monitor are taken over at once', async () => {
  const first = startTestMonitor();
  startTestMonitor();
  await waitFor(sizes).toEqual([32, 32]);
  await first.leasing.stop();
  expect(first.held()).toEqual([]);
  expect(first.leasing.isLeaseValid()).toBe(false);
  await waitFor(sizes).toEqual([0, 64]);
});

test('the shards of a dead monitor are taken over when its lease expires, not before', async () => {
  // A single heartbeat, never renewed.
  const startedAt = performance.now();
  const { held } = await shards(store.db).renew(randomUUID(), pace.leaseSeconds);
  expect(held).toEqual(all);
  startTestMonitor();
  await waitFor(allHeld).toEqual(all);
  expect(performance.now() - startedAt).toBeGreaterThan(pace.leaseSeconds * 1_000);
});

test('a released shard is no longer probed when another monitor claims it', async () => {
  const probed = new Map<number, string>();
  const conflicts: number[] = [];
  function startNamed(name: string) {
    return startTestMonitor(async (held) => {
      for (const [shard, by] of probed) if (by === name && !held.includes(shard)) probed.delete(shard);
      for (const shard of held) {
        if ((probed.get(shard) ?? name) !== name) conflicts.push(shard);
        probed.set(shard, name);
      }
    });
  }
  startNamed('a');
  await waitFor(() => probed.size).toBe(SHARD_COUNT);
  startNamed('b');
  startNamed('c');
  await waitFor(sizes).toEqual([20, 22, 22]);
  expect(conflicts).toEqual([]);
});

test('isLeaseValid turns false while renewals fail', async () => {
  const failures: unknown[] = [];
  const { leasing } = startTestMonitor(undefined, (error) => failures.push(error));
  await waitFor(allHeld).toEqual(all);
  await store.db.$executeRaw`ALTER TABLE monitor_shards RENAME TO unavailable`;
  try {
    await waitFor(leasing.isLeaseValid).toBe(false);
  } finally {
    await store.db.$executeRaw`ALTER TABLE unavailable RENAME TO monitor_shards`;
  }
  expect(failures.length).toBeGreaterThan(0);
  await waitFor(leasing.isLeaseValid).toBe(true);
});
