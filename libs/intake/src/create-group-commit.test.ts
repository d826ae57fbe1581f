import { expect, test } from 'vitest';
import { createGroupCommit, type GroupCommitOptions } from './create-group-commit.ts';

/** A writer whose every write ends when the test says so. */
function openWriter(options: Partial<GroupCommitOptions<string>> = {}) {
  const writes: { items: string[]; succeed: () => void; fail: (error: Error) => void }[] = [];
  function write(items: string[]): Promise<void> {
    return new Promise((succeed, fail) => writes.push({ items, succeed, fail }));
  }
  const limits = { maxInFlight: 1, maxItems: 100, maxBytes: 1_000 };
  const groups = createGroupCommit<string>({ write, sizeOf: (item) => item.length, ...limits, ...options });
  return { groups, writes, written: () => writes.map(({ items }) => items) };
}

/** Lets everything run that waits for nothing but its turn. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('an item that comes alone is written at once, before anything else happens', () => {
  const { groups, written } = openWriter();
  void groups.add('alone');
  expect(written()).toEqual([['alone']]);
});

test('items that come while the writer is busy are written together, in their order', async () => {
  const { groups, writes, written } = openWriter();
  for (const item of ['first', 'second', 'third', 'fourth']) void groups.add(item);
  expect(written()).toEqual([['first']]);
  writes[0]!.succeed();
  await turn();
  expect(written()).toEqual([['first'], ['second', 'third', 'fourth']]);
});

test('add resolves when its own group is written, not before', async () => {
  const { groups, writes } = openWriter();
  const done: string[] = [];
  for (const item of ['first', 'second']) void groups.add(item).then(() => done.push(item));
  await turn();
  expect(done).toEqual([]);
  writes[0]!.succeed();
  await turn();
  expect(done).toEqual(['first']);
  writes[1]!.succeed();
  await turn();
  expect(done).toEqual(['first', 'second']);
});

test('no more groups are under way at once than allowed', async () => {
  const { groups, writes, written } = openWriter({ maxInFlight: 3 });
  for (const item of ['a', 'b', 'c', 'd', 'e']) void groups.add(item);
  expect(written()).toEqual([['a'], ['b'], ['c']]);
  writes[1]!.succeed();
  await turn();
  expect(written()).toEqual([['a'], ['b'], ['c'], ['d', 'e']]);
});

test('a group holds no more items than allowed', async () => {
  const { groups, writes, written } = openWriter({ maxItems: 2 });
  for (const item of ['a', 'b', 'c', 'd']) void groups.add(item);
  writes[0]!.succeed();
  await turn();
  expect(written()).toEqual([['a'], ['b', 'c']]);
});

test('a group holds no more bytes than allowed, but a larger item goes alone', async () => {
  const { groups, writes, written } = openWriter({ maxBytes: 5 });
  for (const item of ['a', 'bb', 'ccc', 'd', 'larger than five', 'e']) void groups.add(item);
  for (let i = 0; i < 5; i++) {
    writes[i]!.succeed();
    await turn();
  }
  expect(written()).toEqual([['a'], ['bb', 'ccc'], ['d'], ['larger than five'], ['e']]);
});

test('a group that is rejected rejects each of its items, and the next one goes on', async () => {
  const { groups, writes } = openWriter();
  const first = groups.add('first');
  const others = Promise.allSettled([groups.add('second'), groups.add('third')]);
  writes[0]!.succeed();
  await first;
  await turn();
  const last = groups.add('last');
  writes[1]!.fail(new Error('no room'));
  expect(await others).toEqual([
    { status: 'rejected', reason: new Error('no room') },
    { status: 'rejected', reason: new Error('no room') },
  ]);
  await turn();
  writes[2]!.succeed();
  await Promise.all([last, groups.whenIdle()]);
  expect(groups.pendingBytes()).toBe(0);
});

test('bytes counts what waits and what is being written', async () => {
  const { groups, writes } = openWriter();
  expect(groups.pendingBytes()).toBe(0);
  void groups.add('four');
  void groups.add('seven!!');
  expect(groups.pendingBytes()).toBe(11);
  writes[0]!.succeed();
  await turn();
  expect(groups.pendingBytes()).toBe(7);
});

test('idle resolves at once where nothing waits, else when the last group is done, also where it fails', async () => {
  const { groups, writes } = openWriter({ maxInFlight: 2 });
  await groups.whenIdle();
  const adds = Promise.allSettled(['a', 'b', 'c'].map((item) => groups.add(item)));
  let isIdle = false;
  const idle = groups.whenIdle().then(() => (isIdle = true));
  for (const i of [0, 1]) writes[i]!.succeed();
  await turn();
  expect(isIdle).toBe(false);
  writes[2]!.fail(new Error('no'));
  await Promise.all([adds, idle]);
});
