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

const pace = { lease: 1, renewal: 0.1 };
const all = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);

interface Holder {
  held: () => number[];
  holding: ShardLeasing;
}
let holders: Holder[] = [];
let errors: unknown[] = [];
afterEach(async () => {
  for (const { holding } of holders) await holding.stop();
  holders = [];
  expect(errors).toEqual([]);
  errors = [];
});

function open(
  onHeld: (held: number[]) => Promise<void> = async () => undefined,
  onError: (error: unknown) => void = (error) => errors.push(error),
): Holder {
  let held: number[] = [];
  const holding = startShardLeasing(store.db, {
    id: randomUUID(),
    pace,
    async onRenewed(now) {
      await onHeld(now);
      held = now;
    },
    onError,
  });
  const holder = { holding, held: () => held };
  holders.push(holder);
  return holder;
}

const eventually = <T>(ask: () => T) => expect.poll(ask, { timeout: 15_000, interval: 20 });

const heldByAll = (): number[] => holders.flatMap(({ held }) => held()).sort((a, b) => a - b);
const sizes = (): number[] => holders.map(({ held }) => held().length).sort((a, b) => a - b);

test('one holds all; more share them out, each shard with one of them', async () => {
  open();
  await eventually(heldByAll).toEqual(all);
  open();
  await eventually(sizes).toEqual([32, 32]);
  open();
  await eventually(sizes).toEqual([20, 22, 22]);
  expect(heldByAll()).toEqual(all);
  expect(holders.every(({ holding }) => holding.isLeaseValid())).toBe(true);
});

test('what one that ends held is taken over at once', async () => {
  const first = open();
  open();
  await eventually(sizes).toEqual([32, 32]);
  await first.holding.stop();
  expect(first.held()).toEqual([]);
  expect(first.holding.isLeaseValid()).toBe(false);
  await eventually(sizes).toEqual([0, 64]);
});

test('what a dead one held is taken over when its lease ends, not before', async () => {
  // It said once that it lives, and nothing since.
  const began = performance.now();
  const { held } = await shards(store.db).renew(randomUUID(), pace.lease);
  expect(held).toEqual(all);
  open();
  await eventually(heldByAll).toEqual(all);
  expect(performance.now() - began).toBeGreaterThan(pace.lease * 1_000);
});

test('what is let go of is no longer probed before another takes it', async () => {
  const probed = new Map<number, string>();
  const twice: number[] = [];
  function hold(name: string) {
    return open(async (held) => {
      for (const [shard, by] of probed) if (by === name && !held.includes(shard)) probed.delete(shard);
      for (const shard of held) {
        if ((probed.get(shard) ?? name) !== name) twice.push(shard);
        probed.set(shard, name);
      }
    });
  }
  hold('a');
  await eventually(() => probed.size).toBe(SHARD_COUNT);
  hold('b');
  hold('c');
  await eventually(sizes).toEqual([20, 22, 22]);
  expect(twice).toEqual([]);
});

test('one that cannot renew no longer trusts in what it held', async () => {
  const failures: unknown[] = [];
  const { holding } = open(undefined, (error) => failures.push(error));
  await eventually(heldByAll).toEqual(all);
  await store.db.$executeRaw`ALTER TABLE monitor_shards RENAME TO away`;
  try {
    await eventually(holding.isLeaseValid).toBe(false);
  } finally {
    await store.db.$executeRaw`ALTER TABLE away RENAME TO monitor_shards`;
  }
  expect(failures.length).toBeGreaterThan(0);
  await eventually(holding.isLeaseValid).toBe(true);
});
