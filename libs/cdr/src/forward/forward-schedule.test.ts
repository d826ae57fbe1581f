import { retryDelaySeconds } from '@oriontel/outbound';
import { expect, test } from 'vitest';
import { FORWARD_SCHEDULE } from './forward-schedule.ts';

test('FORWARD_SCHEDULE retries after one second, twice as long after each failure, up to ten minutes', () => {
  const delays = [1, 2, 3, 4, 10, 11, 1_000].map((attempts) =>
    retryDelaySeconds(FORWARD_SCHEDULE, attempts, { random: () => 0 }),
  );
  expect(delays).toEqual([1, 2, 4, 8, 512, 600, 600]);
});
