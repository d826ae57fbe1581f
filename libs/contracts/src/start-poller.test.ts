import { expect, onTestFinished, test } from 'vitest';
import { startPoller, type PollerOptions } from './start-poller.ts';

function rethrow(error: unknown): void {
  throw error;
}
function startTestPoller(
  poll: (signal: AbortSignal) => Promise<unknown>,
  overrides: Partial<PollerOptions> = {},
) {
  const poller = startPoller(poll, { intervalMs: 60_000, onError: rethrow, ...overrides });
  onTestFinished(poller.stop);
  return poller;
}

test('startPoller polls at its interval and continues after an error', async () => {
  const errors: unknown[] = [];
  let polls = 0;
  async function failFirst(): Promise<void> {
    if ((polls += 1) === 1) throw new Error('down');
  }
  startTestPoller(failFirst, { intervalMs: 5, onError: (error) => errors.push(error) });
  await expect.poll(() => polls).toBeGreaterThan(2);
  expect(errors).toEqual([new Error('down')]);
});

test('wake during a poll triggers one more poll after it, never concurrently', async () => {
  const finishPoll: (() => void)[] = [];
  const { wake } = startTestPoller(() => new Promise<void>((resolve) => finishPoll.push(resolve)));
  wake();
  wake();
  wake();
  expect(finishPoll).toHaveLength(1);
  finishPoll[0]!();
  await expect.poll(() => finishPoll.length).toBe(2);
  finishPoll[1]!();
  wake();
  await expect.poll(() => finishPoll.length).toBe(3);
  finishPoll[2]!();
});

test('stop aborts the signal, waits for the running poll and prevents further polls', async () => {
  let polls = 0;
  let isFinished = false;
  const poller = startTestPoller(async (signal) => {
    polls += 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    isFinished = true;
  });
  poller.wake();
  poller.wake();
  await poller.stop();
  poller.wake();
  expect([polls, isFinished]).toEqual([1, true]);
});
