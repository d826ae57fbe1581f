import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi, type Mock } from 'vitest';
import type { HostReading } from './host-reading.ts';
import { startHostSampler, type HostSamplerOptions } from './start-host-sampler.ts';
import { reading } from './testing.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // First: a spy on a fake timer would restore the fake one.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const numbered = (uptime: number): HostReading => ({ ...reading, uptime });
const forever = () => new Promise<never>(() => {});
const unavailable = {
  code: 'unavailable',
  message: 'The host could not be sampled. Try again later.',
  retryAfter: 5,
};

/** A sampler with a mock `read`; each successful reading has its number as uptime. */
function createTestSampler(options: Partial<HostSamplerOptions> = {}) {
  const good = async (): Promise<HostReading> => numbered(read.mock.calls.length);
  const read: Mock<() => Promise<HostReading>> = vi.fn(good);
  const onError = vi.fn<(error: Error) => void>();
  function start() {
    const sampler = startHostSampler({ read, onError, ...options });
    onTestFinished(() => sampler.close());
    return sampler;
  }
  return { read, good, onError, start };
}

describe('latest()', () => {
  test('waits for the first reading', async () => {
    const { read, start } = createTestSampler();
    let settle: (first: HostReading) => void = () => {};
    read.mockReturnValueOnce(new Promise((resolve) => (settle = resolve)));
    const both = Promise.all([1, 2].map(start().latest));
    await vi.advanceTimersByTimeAsync(4_900);
    settle(numbered(7));
    expect(await both).toEqual([numbered(7), numbered(7)]);
    expect(read).toHaveBeenCalledTimes(1);
  });
  test('waits at most five seconds for it', async () => {
    const { read, start } = createTestSampler();
    read.mockImplementationOnce(forever);
    const failed = vi.fn();
    void start().latest().catch(failed);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed).toHaveBeenCalledWith(expect.objectContaining(unavailable));
  });
  test('fails as soon as the first sample failed, with its cause', async () => {
    const { read, start } = createTestSampler();
    const cause = new Error('no /proc');
    read.mockRejectedValueOnce(cause);
    await expect(start().latest()).rejects.toMatchObject({ ...unavailable, cause });
  });
  test('returns the newest reading at once, without sampling', async () => {
    const { read, start } = createTestSampler();
    const sampler = start();
    await vi.advanceTimersByTimeAsync(5_000);
    read.mockImplementation(forever);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await sampler.latest()).toEqual(numbered(2));
    expect(await sampler.latest()).toEqual(numbered(2));
    expect(read).toHaveBeenCalledTimes(3);
  });
  test('returns the last reading for a minute while samples fail, then fails', async () => {
    const { read, start } = createTestSampler();
    const sampler = start();
    await vi.advanceTimersByTimeAsync(0);
    read.mockRejectedValue(new Error('no /proc'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await sampler.latest()).toEqual(numbered(1));
    await vi.advanceTimersByTimeAsync(1);
    await expect(sampler.latest()).rejects.toMatchObject(unavailable);
  });
});

describe('startHostSampler', () => {
  test('samples at once, and an interval after the end of each sample', async () => {
    const { read, start } = createTestSampler({ intervalMs: 1_000 });
    start();
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(read).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(read).toHaveBeenCalledTimes(10);
  });
  test('samples every five seconds by default', async () => {
    const { read, start } = createTestSampler();
    start();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(read).toHaveBeenCalledTimes(2);
  });
  test('runs one sample at a time, however slow', async () => {
    const { read, start } = createTestSampler({ intervalMs: 100 });
    let [running, maxRunning] = [0, 0];
    read.mockImplementation(async () => {
      maxRunning = Math.max(maxRunning, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 900));
      running -= 1;
      return reading;
    });
    start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(read.mock.calls.length).toBe(11);
    expect(maxRunning).toBe(1);
  });
  test('aborts a hanging sample after ten seconds and ignores its late result', async () => {
    const { read, onError, start } = createTestSampler({ intervalMs: 1_000 });
    let settle: (late: HostReading) => void = () => {};
    read.mockReturnValueOnce(new Promise((resolve) => (settle = resolve)));
    const sampler = start();
    await vi.advanceTimersByTimeAsync(10_999);
    expect(read).toHaveBeenCalledTimes(1);
    expect(onError).toHaveBeenCalledWith(new Error('sampling the host took longer than 10000 ms'));
    await vi.advanceTimersByTimeAsync(1);
    expect(await sampler.latest()).toEqual(numbered(2));
    settle(numbered(99));
    await vi.advanceTimersByTimeAsync(0);
    expect(await sampler.latest()).toEqual(numbered(2));
  });
  test('continues after a failure', async () => {
    const { read, start } = createTestSampler();
    read.mockRejectedValueOnce(new Error('no /proc'));
    const sampler = start();
    await expect(sampler.latest()).rejects.toMatchObject(unavailable);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await sampler.latest()).toEqual(numbered(2));
  });
  test('handles a read that throws synchronously', async () => {
    const { read, onError, start } = createTestSampler();
    read.mockImplementationOnce(() => {
      throw new Error('at once');
    });
    const sampler = start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('at once'));
    expect(await sampler.latest()).toEqual(numbered(2));
  });
  test('reports the first of several failures, and again after a success', async () => {
    const { read, good, onError, start } = createTestSampler();
    const [first, later] = [new Error('first'), new Error('later')];
    read.mockRejectedValueOnce(first).mockRejectedValue(later);
    start();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(onError.mock.calls).toEqual([[first]]);
    read.mockImplementation(good);
    await vi.advanceTimersByTimeAsync(5_000);
    read.mockRejectedValue(later);
    await vi.advanceTimersByTimeAsync(50_000);
    expect(onError.mock.calls).toEqual([[first], [later]]);
  });
  test('does not keep its process alive', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { start } = createTestSampler({ intervalMs: 1_234 });
    start();
    await vi.advanceTimersByTimeAsync(0);
    const next = timers.mock.calls.findIndex(([, ms]) => ms === 1_234);
    expect((timers.mock.results[next]?.value as NodeJS.Timeout).hasRef()).toBe(false);
  });
});

describe('close', () => {
  test('stops sampling', async () => {
    const { read, start } = createTestSampler();
    const sampler = start();
    await vi.advanceTimersByTimeAsync(1_000);
    sampler.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
  test('during a sample prevents the next one', async () => {
    const { read, start } = createTestSampler();
    read.mockImplementationOnce(forever);
    start().close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
