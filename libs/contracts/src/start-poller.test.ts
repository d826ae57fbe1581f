import { expect, onTestFinished, test } from 'vitest';
import { startPoller, type PollerOptions } from './start-poller.ts';

function fail(error: unknown): void {
  throw error;
}
function keep(look: (signal: AbortSignal) => Promise<unknown>, more: Partial<PollerOptions> = {}) {
  const polling = startPoller(look, { intervalMs: 60_000, onError: fail, ...more });
  onTestFinished(polling.stop);
  return polling;
}

test('it looks by itself, and goes on after a failure', async () => {
  const errors: unknown[] = [];
  let looks = 0;
  keep(() => ((looks += 1) === 1 ? Promise.reject(new Error('away')) : Promise.resolve()), {
    intervalMs: 5,
    onError: (error) => errors.push(error),
  });
  await expect.poll(() => looks).toBeGreaterThan(2);
  expect(errors).toEqual([new Error('away')]);
});

test('nudged while it looks, it looks once more after it, never twice at once', async () => {
  const gates: (() => void)[] = [];
  const { wake } = keep(() => new Promise<void>((resolve) => gates.push(resolve)));
  wake();
  wake();
  wake();
  expect(gates).toHaveLength(1);
  gates[0]!();
  await expect.poll(() => gates.length).toBe(2);
  gates[1]!();
  wake();
  await expect.poll(() => gates.length).toBe(3);
  gates[2]!();
});

test('stopping tells the look under way and waits for it, and nothing follows', async () => {
  let looks = 0;
  let isOver = false;
  const polling = keep(async (signal) => {
    looks += 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    isOver = true;
  });
  polling.wake();
  polling.wake();
  await polling.stop();
  polling.wake();
  expect([looks, isOver]).toEqual([1, true]);
});
