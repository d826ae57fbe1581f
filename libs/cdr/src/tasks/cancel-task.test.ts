import type { Failure } from '@oriontel/contracts';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelTask } from './cancel-task.ts';
import { cdrTasks } from './cdr-task.repository.ts';
import { claimTask, insertTask } from './testing/insert-task.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());
beforeEach(() => store.db.$executeRaw`TRUNCATE munch_tasks`);

const cancel = (orgId: number | null, id: string) => cancelTask(store.db)(orgId, id);
function errorCode(orgId: number | null, id: string): Promise<string> {
  return cancel(orgId, id).then(
    () => 'none',
    (error: Failure) => error.code,
  );
}
async function stateOf(id: string) {
  return (await cdrTasks(store.db).find(null, id))?.state;
}

describe('cancelTask', () => {
  test('cancels a queued and a running task, and cancelling again changes nothing', async () => {
    const { id: running } = await insertTask(store.db);
    await claimTask(store.db);
    const { id: queued } = await insertTask(store.db);
    for (const id of [running, queued]) {
      await cancel(1, id);
      const cancelled = await cdrTasks(store.db).find(null, id);
      expect(cancelled).toMatchObject({ state: 'cancelled', finishedAt: expect.any(Date) as Date });
      await cancel(1, id);
      expect(await cdrTasks(store.db).find(null, id)).toEqual(cancelled);
    }
  });

  test('is not_found for an unknown task and one of another organization', async () => {
    const { id } = await insertTask(store.db);
    expect(await errorCode(1, 'cdrmunch-task-none')).toBe('not_found');
    expect(await errorCode(2, id)).toBe('not_found');
    expect(await stateOf(id)).toBe('queued');
    await cancel(null, id);
    expect(await stateOf(id)).toBe('cancelled');
  });

  test.each(['done', 'failed'] as const)('is a conflict for a %s task', async (state) => {
    const { id } = await insertTask(store.db);
    const { lease } = await claimTask(store.db);
    await cdrTasks(store.db).finish(lease, state, null);
    expect(await errorCode(1, id)).toBe('conflict');
    expect(await stateOf(id)).toBe(state);
  });
});
