import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cdrTasks, LEASE_SECONDS } from './cdr-task.repository.ts';
import { NO_COUNTS } from './cdr-task.ts';
import { claimTask, expireLeases, insertTask } from './testing/insert-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE munch_tasks`);

const tasks = () => cdrTasks(store.db);
const COUNTS = { ...NO_COUNTS, processed: 3, unchanged: 3 };
const POSITION = { phase: 'legs', time: '2024-01-15T10:30:00.000Z', id: randomUUID() };

async function secondsOfLease(id: string): Promise<number> {
  const [row] = await store.db.$queryRaw<[{ seconds: number }]>`
    SELECT extract(epoch FROM lease_until - clock_timestamp())::float8 AS seconds
    FROM munch_tasks
    WHERE id = ${id}`;
  return row.seconds;
}

describe('claim', () => {
  test('returns null without a queued task', async () => {
    expect(await tasks().claim(randomUUID())).toBeNull();
  });

  test('takes an expired task first, then by priority, then the oldest', async () => {
    const expired = await insertTask(store.db, { priority: 'low' });
    await claimTask(store.db);
    await expireLeases(store.db);
    const low = await insertTask(store.db, { priority: 'low' });
    const normal = await insertTask(store.db);
    const high = await insertTask(store.db, { priority: 'high' });
    const laterHigh = await insertTask(store.db, { priority: 'high' });
    const claimed: string[] = [];
    for (let i = 0; i < 5; i += 1) claimed.push((await claimTask(store.db)).task.id);
    expect(claimed).toEqual([expired, high, laterHigh, normal, low].map(({ id }) => id));
    expect(await tasks().claim(randomUUID())).toBeNull();
  });

  test('gives each of many concurrent runners another task', async () => {
    for (let i = 0; i < 5; i += 1) await insertTask(store.db);
    const claimed = await Promise.all(Array.from({ length: 8 }, () => tasks().claim(randomUUID())));
    const ids = claimed.flatMap((task) => (task ? [task.id] : []));
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
  });

  test('leases a task for LEASE_SECONDS and leaves it alone until then', async () => {
    await insertTask(store.db);
    const { task } = await claimTask(store.db);
    expect(task).toMatchObject({ state: 'running', takeovers: 0, startedAt: expect.any(Date) as Date });
    const seconds = await secondsOfLease(task.id);
    expect(seconds).toBeGreaterThan(LEASE_SECONDS - 5);
    expect(seconds).toBeLessThanOrEqual(LEASE_SECONDS);
    expect(await tasks().claim(randomUUID())).toBeNull();
  });

  test('of an expired task keeps its start, position and counts and counts the takeover', async () => {
    await insertTask(store.db);
    const { task, lease } = await claimTask(store.db);
    await tasks().save(lease, POSITION, COUNTS);
    await expireLeases(store.db);
    const second = await claimTask(store.db);
    expect(second.task).toMatchObject({
      id: task.id,
      startedAt: task.startedAt,
      position: POSITION,
      counts: COUNTS,
      takeovers: 1,
    });
    await expireLeases(store.db);
    const third = await claimTask(store.db);
    expect(third.task.takeovers).toBe(2);
    await tasks().save(third.lease, POSITION, COUNTS);
    await expireLeases(store.db);
    expect((await claimTask(store.db)).task.takeovers).toBe(1);
  });
});

describe('a runner that lost its lease', () => {
  test('cannot save, renew, release or finish the task', async () => {
    await insertTask(store.db);
    const first = await claimTask(store.db);
    await expireLeases(store.db);
    const second = await claimTask(store.db);
    expect(await tasks().save(first.lease, POSITION, COUNTS)).toBe(false);
    expect(await tasks().renew(first.lease)).toBe(false);
    await tasks().release(first.lease);
    await tasks().finish(first.lease, 'failed', 'too late');
    expect(await tasks().find(null, second.task.id)).toMatchObject({
      state: 'running',
      position: { phase: 'legs' },
      counts: NO_COUNTS,
      takeovers: 1,
      error: null,
    });
    expect(await tasks().claim(randomUUID())).toBeNull();
    expect(await tasks().save(second.lease, POSITION, COUNTS)).toBe(true);
  });

  test('cannot save a cancelled task', async () => {
    await insertTask(store.db);
    const { task, lease } = await claimTask(store.db);
    expect(await tasks().cancel(null, task.id)).toBe(true);
    expect(await tasks().save(lease, POSITION, COUNTS)).toBe(false);
    expect(await tasks().renew(lease)).toBe(false);
    expect(await tasks().claim(randomUUID())).toBeNull();
  });
});

test('renew and save extend the lease to LEASE_SECONDS', async () => {
  await insertTask(store.db);
  const { task, lease } = await claimTask(store.db);
  for (const extend of [() => tasks().renew(lease), () => tasks().save(lease, POSITION, COUNTS)]) {
    await expireLeases(store.db);
    expect(await extend()).toBe(true);
    expect(await secondsOfLease(task.id)).toBeGreaterThan(LEASE_SECONDS - 5);
  }
});

test('release makes the task claimable at once and does not count as a takeover', async () => {
  await insertTask(store.db);
  const { task, lease } = await claimTask(store.db);
  await tasks().release(lease);
  expect((await claimTask(store.db)).task).toMatchObject({ id: task.id, takeovers: 0 });
});

test('finish ends a task for good', async () => {
  await insertTask(store.db);
  const { task, lease } = await claimTask(store.db);
  await tasks().finish(lease, 'failed', 'it broke');
  expect(await tasks().find(null, task.id)).toMatchObject({
    state: 'failed',
    error: 'it broke',
    finishedAt: expect.any(Date) as Date,
  });
  expect(await tasks().cancel(null, task.id)).toBe(false);
  expect(await tasks().claim(randomUUID())).toBeNull();
});

test('prioritize changes a queued task and returns null for a running one', async () => {
  const { id } = await insertTask(store.db);
  expect(await tasks().prioritize(id, 'high')).toMatchObject({ id, priority: 'high' });
  await claimTask(store.db);
  expect(await tasks().prioritize(id, 'low')).toBeNull();
});

test('findOverlapping matches open tasks of the type that share an organization and a moment', async () => {
  const [from, before] = [new Date('2024-01-15T00:00:00Z'), new Date('2024-01-16T00:00:00Z')];
  const { id } = await insertTask(store.db, { range: { from, before } });
  const open = { from: null, before: null };
  async function overlaps(scope: Partial<Parameters<ReturnType<typeof tasks>['findOverlapping']>[0]>) {
    const found = await tasks().findOverlapping({ taskType: 'reprocess', orgId: 1, range: open, ...scope });
    return found?.id === id;
  }
  expect(await overlaps({})).toBe(true);
  expect(await overlaps({ orgId: null })).toBe(true);
  expect(await overlaps({ orgId: 2 })).toBe(false);
  expect(await overlaps({ taskType: 'process' })).toBe(false);
  expect(await overlaps({ range: { from: null, before: from } })).toBe(false);
  expect(await overlaps({ range: { from: null, before: new Date(from.getTime() + 1) } })).toBe(true);
  expect(await overlaps({ range: { from: before, before: null } })).toBe(false);
  expect(await overlaps({ range: { from: new Date(before.getTime() - 1), before: null } })).toBe(true);
  const { lease } = await claimTask(store.db);
  expect(await overlaps({})).toBe(true);
  await tasks().finish(lease, 'done', null);
  expect(await overlaps({})).toBe(false);
});

test('find and list show an organization only its own tasks, newest first', async () => {
  const own = await insertTask(store.db);
  const all = await insertTask(store.db, { orgId: null, taskType: 'cleanup' });
  const other = await insertTask(store.db, { orgId: 2 });
  expect(await tasks().find(1, own.id)).toMatchObject({ id: own.id });
  expect(await tasks().find(1, all.id)).toBeNull();
  expect(await tasks().find(1, other.id)).toBeNull();
  async function idsOf(...[orgId, filter, page]: Parameters<ReturnType<typeof tasks>['list']>) {
    const { items, total } = await tasks().list(orgId, filter, page);
    return { ids: items.map(({ id }) => id), total };
  }
  const page = { limit: 10, offset: 0 };
  expect(await idsOf(1, {}, page)).toEqual({ ids: [own.id], total: 1 });
  expect(await idsOf(null, {}, page)).toEqual({ ids: [other.id, all.id, own.id], total: 3 });
  expect(await idsOf(null, {}, { limit: 1, offset: 1 })).toEqual({ ids: [all.id], total: 3 });
  expect(await idsOf(null, { taskType: 'cleanup' }, page)).toEqual({ ids: [all.id], total: 1 });
  expect(await idsOf(null, { state: 'running' }, page)).toEqual({ ids: [], total: 0 });
});

test('countOpen counts queued and running tasks', async () => {
  await insertTask(store.db);
  await insertTask(store.db);
  const { lease } = await claimTask(store.db);
  expect(await tasks().countOpen()).toBe(2);
  await tasks().finish(lease, 'done', null);
  expect(await tasks().countOpen()).toBe(1);
});

test('prune deletes tasks that ended before the given days and keeps open ones', async () => {
  const queued = await insertTask(store.db);
  await insertTask(store.db, { priority: 'high' });
  const { task: ended, lease } = await claimTask(store.db);
  await tasks().finish(lease, 'done', null);
  await store.db.$executeRaw`UPDATE munch_tasks SET queued_at = now() - interval '40 days'`;
  expect(await tasks().prune(30)).toBe(0);
  await store.db.$executeRaw`
    UPDATE munch_tasks
    SET finished_at = now() - interval '31 days'
    WHERE id = ${ended.id}`;
  expect(await tasks().prune(30)).toBe(1);
  expect(await tasks().find(null, queued.id)).not.toBeNull();
});
