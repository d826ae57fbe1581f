import { describe, expect, test } from 'vitest';
import { addCounts, FINISHED, newTaskId, NO_COUNTS, presentTask, type StoredTask } from './cdr-task.ts';

test('newTaskId is unique and contains the day', () => {
  const ids = Array.from({ length: 1_000 }, () => newTaskId(new Date('2024-01-15T23:59:59.999Z')));
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^cdrmunch-task-20240115-\d{25}$/);
});

test('addCounts adds every count to processed and leaves its input unchanged', () => {
  const counts = addCounts(NO_COUNTS, { stored: 2, duplicates: 1 });
  expect(addCounts(counts, { stored: 1, quarantined: 3 })).toEqual({
    ...NO_COUNTS,
    processed: 7,
    stored: 3,
    duplicates: 1,
    quarantined: 3,
  });
  expect(counts.processed).toBe(3);
  expect(NO_COUNTS.processed).toBe(0);
});

describe('presentTask', () => {
  const task: StoredTask = {
    id: 'cdrmunch-task-20240115-1',
    taskType: 'process',
    orgId: null,
    range: { from: new Date('2024-01-15T00:00:00Z'), before: new Date('2024-01-16T00:00:00Z') },
    priority: 'normal',
    state: 'running',
    requestedBy: 'admin',
    estimatedRecords: 200,
    position: FINISHED,
    counts: NO_COUNTS,
    queuedAt: new Date('2024-01-15T11:00:00Z'),
    startedAt: null,
    finishedAt: null,
    error: null,
    takeovers: 0,
  };

  test('shows the date range with its last moment', () => {
    expect(presentTask(task).date_range).toEqual({
      start: '2024-01-15T00:00:00Z',
      end: '2024-01-15T23:59:59.999Z',
    });
  });

  test.each([
    ['running', 200, 99, 49],
    ['running', 200, 200, 99],
    ['running', 200, 300, 99],
    ['running', 0, 10, 0],
    ['failed', 200, 100, 50],
    ['done', 200, 100, 100],
    ['done', 0, 0, 100],
  ] as const)('of a %s task with an estimate of %i and %i processed shows progress %i', (...row) => {
    const [state, estimatedRecords, processed, progress] = row;
    const counts = { ...NO_COUNTS, processed };
    expect(presentTask({ ...task, state, estimatedRecords, counts }).progress).toBe(progress);
  });
});
