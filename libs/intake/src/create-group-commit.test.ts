import { expect, test } from 'vitest';
import { createGroupCommit, type GroupCommitOptions } from './create-group-commit.ts';

/** A group commit whose writes finish when the test calls `succeed` or `fail`. */
function createControlledGroups(options: Partial<GroupCommitOptions<string>> = {}) {
  const writes: { items: string[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  function write(items: string[]): Promise<void> {
    return new Promise((succeed, fail) => writes.push({ items, succeed, fail }));
  }
  const limits = { maxInFlight: 1, maxItems: 100, maxBytes: 1_000 };
  const groups = createGroupCommit<string>({ write, sizeOf: (item) => item.length, ...limits, ...options });
  return { groups, writes, written: () => writes.map(({ items }) => items) };
}

/** Runs all pending microtasks. */
const flushMicrotasks = () => new Promise((resolve) => setImmediate(resolve));

test('a single item is written synchronously', () => {
  const { groups, written } = createControlledGroups();
  void groups.add('alone');
  expect(written()).toEqual([['alone']]);
});

test('items added while the writer is busy are written together in order', async () => {
  const { groups, writes, written } = createControlledGroups();
  for (const item of ['first', 'second', 'third', 'fourth']) void groups.add(item);
  expect(written()).toEqual([['first']]);
  writes[0]!.succeed();
  await flushMicrotasks();
  expect(written()).toEqual([['first'], ['second', 'third', 'fourth']]);
});

test('add resolves when its own group is written', async () => {
  const { groups, writes } = createControlledGroups();
  const done: string[] = [];
  for (const item of ['first', 'second']) void groups.add(item).then(() => done.push(item));
  await flushMicrotasks();
  expect(done).toEqual([]);
  writes[0]!.succeed();
  await flushMicrotasks();
  expect(done).toEqual(['first']);
  writes[1]!.succeed();
  await flushMicrotasks();
  expect(done).toEqual(['first', 'second']);
});

test('at most maxInFlight groups are written concurrently', async () => {
  const { groups, writes, written } = createControlledGroups({ maxInFlight: 3 });
  for (const item of ['a', 'b', 'c', 'd', 'e']) void groups.add(item);
  expect(written()).toEqual([['a'], ['b'], ['c']]);
  writes[1]!.succeed();
  await flushMicrotasks();
  expect(written()).toEqual([['a'], ['b'], ['c'], ['d', 'e']]);
});

test('a group has at most maxItems items', async () => {
  const { groups, writes, written } = createControlledGroups({ maxItems: 2 });
  for (const item of ['a', 'b', 'c', 'd']) void groups.add(item);
  writes[0]!.succeed();
  await flushMicrotasks();
  expect(written()).toEqual([['a'], ['b', 'c']]);
});

test('a group has at most maxBytes bytes; a larger item is written alone', async () => {
  const { groups, writes, written } = createControlledGroups({ maxBytes: 5 });
  for (const item of ['a', 'bb', 'ccc', 'd', 'larger than five', 'e']) void groups.add(item);
  for (let i = 0; i < 5; i++) {
    writes[i]!.succeed();
    await flushMicrotasks();
  }
  expect(written()).toEqual([['a'], ['bb', 'ccc'], ['d'], ['larger than five'], ['e']]);
});

test('a failed write rejects each item of its group, and the next group is written', async () => {
  const { groups, writes } = createControlledGroups();
  const first = groups.add('first');
  const others = Promise.allSettled([groups.add('second'), groups.add('third')]);
  writes[0]!.succeed();
  await first;
  await flushMicrotasks();
  const last = groups.add('last');
  writes[1]!.fail(new Error('disk full'));
  expect(await others).toEqual([
    { status: 'rejected', reason: new Error('disk full') },
    { status: 'rejected', reason: new Error('disk full') },
  ]);
  await flushMicrotasks();
  writes[2]!.succeed();
  await Promise.all([last, groups.whenIdle()]);
  expect(groups.pendingBytes()).toBe(0);
});

test('pendingBytes counts waiting items and items being written', async () => {
  const { groups, writes } = createControlledGroups();
  expect(groups.pendingBytes()).toBe(0);
  void groups.add('four');
  void groups.add('seven!!');
  expect(groups.pendingBytes()).toBe(11);
  writes[0]!.succeed();
  await flushMicrotasks();
  expect(groups.pendingBytes()).toBe(7);
});

test('whenIdle resolves at once if nothing waits, else after the last group, even if it fails', async () => {
  const { groups, writes } = createControlledGroups({ maxInFlight: 2 });
  await groups.whenIdle();
  const adds = Promise.allSettled(['a', 'b', 'c'].map((item) => groups.add(item)));
  let isIdle = false;
  const idle = groups.whenIdle().then(() => (isIdle = true));
  for (const i of [0, 1]) writes[i]!.succeed();
  await flushMicrotasks();
  expect(isIdle).toBe(false);
  writes[2]!.fail(new Error('no'));
  await Promise.all([adds, idle]);
});
