import { recurringQueue } from '@oriontel/recurring';
import { expect, test } from 'vitest';
import { monitorTaskQueue } from './monitor-task-queue.ts';

test('monitor tasks have a queue that cdr-worker does not consume: it would drop their jobs', () => {
  expect(monitorTaskQueue.name).not.toBe(recurringQueue.name);
});
