import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi, type Mock } from 'vitest';
import type { HostReading } from './host-reading.ts';
import { startHostSampler, type HostSamplerOptions } from './start-host-sampler.ts';
import { reading } from './testing.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const numbered = (uptime: number): HostReading => ({ ...reading, uptime });
const forever = () => new Promise<never>(() => {});
const unavailable = {
  code: 'unavailable',
  message: 'The host could not be sampled. Try again later.',
  retryAfter: 5,
};

/** A sampler whose samples answer what the test says; each good one carries its number as uptime. */
function openTestSampler(options: Partial<HostSamplerOptions> = {}) {
  const good = async (): Promise<HostReading> => numbered(read.mock.calls.length);
  const read: Mock<() => Promise<HostReading>> = vi.fn(good);
  const onError = vi.fn<(error: Error) => void>();
  function open() {
    const sampler = startHostSampler({ read, onError, ...options });
    onTestFinished(() => sampler.close());
    return sampler;
  }
  return { read, good, onError, open };
}

describe('latest()', () => {
  test('waits for the first reading', async () => {
    const { read, open } = openTestSampler();
    let settle: (first: HostReading) => void = () => {};
    read.mockReturnValueOnce(new Promise((resolve) => (settle = resolve)));
    const both = Promise.all([1, 2].map(open().latest));
    await vi.advanceTimersByTimeAsync(4_900);
    settle(numbered(7));
    expect(await both).toEqual([numbered(7), numbered(7)]);
    expect(read).toHaveBeenCalledTimes(1);
  });
  test('waits five seconds for it and no longer', async () => {
    const { read, open } = openTestSampler();
    read.mockImplementationOnce(forever);
    const failed = vi.fn();
    void open().latest().catch(failed);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed).toHaveBeenCalledWith(expect.objectContaining(unavailable));
  });
  test('is refused as soon as the first sample has failed, with the cause', async () => {
    const { read, open } = openTestSampler();
    const cause = new Error('no /proc');
    read.mockRejectedValueOnce(cause);
    await expect(open().latest()).rejects.toMatchObject({ ...unavailable, cause });
  });
  test('answers at once with the newest reading, without a sample of its own', async () => {
    const { read, open } = openTestSampler();
    const sampler = open();
    await vi.advanceTimersByTimeAsync(5_000);
    read.mockImplementation(forever);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await sampler.latest()).toEqual(numbered(2));
    expect(await sampler.latest()).toEqual(numbered(2));
    expect(read).toHaveBeenCalledTimes(3);
  });
  test('answers for a minute with the last reading while samples fail, then it is refused', async () => {
    const { read, open } = openTestSampler();
    const sampler = open();
    await vi.advanceTimersByTimeAsync(0);
    read.mockRejectedValue(new Error('no /proc'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await sampler.latest()).toEqual(numbered(1));
    await vi.advanceTimersByTimeAsync(1);
    await expect(sampler.latest()).rejects.toMatchObject(unavailable);
  });
});

describe('a sampler', () => {
  test('samples at once, and again an interval after each sample ended', async () => {
    const { read, open } = openTestSampler({ intervalMs: 1_000 });
    open();
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(999);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(read).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(read).toHaveBeenCalledTimes(10);
  });
  test('samples every five seconds where nothing else is said', async () => {
    const { read, open } = openTestSampler();
    open();
    await vi.advanceTimersByTimeAsync(4_999);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(read).toHaveBeenCalledTimes(2);
  });
  test('has one sample under way at a time, however slow it is', async () => {
    const { read, open } = openTestSampler({ intervalMs: 100 });
    let [underWay, most] = [0, 0];
    read.mockImplementation(async () => {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setTimeout(resolve, 900));
      underWay -= 1;
      return reading;
    });
    open();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(read.mock.calls.length).toBe(11);
    expect(most).toBe(1);
  });
  test('gives up a sample that hangs after ten seconds, and drops what it may still bring', async () => {
    const { read, onError, open } = openTestSampler({ intervalMs: 1_000 });
    let settle: (late: HostReading) => void = () => {};
    read.mockReturnValueOnce(new Promise((resolve) => (settle = resolve)));
    const sampler = open();
    await vi.advanceTimersByTimeAsync(10_999);
    expect(read).toHaveBeenCalledTimes(1);
    expect(onError).toHaveBeenCalledWith(new Error('sampling the host took longer than 10000 ms'));
    await vi.advanceTimersByTimeAsync(1);
    expect(await sampler.latest()).toEqual(numbered(2));
    settle(numbered(99));
    await vi.advanceTimersByTimeAsync(0);
    expect(await sampler.latest()).toEqual(numbered(2));
  });
  test('goes on after a failure, and answers again', async () => {
    const { read, open } = openTestSampler();
    read.mockRejectedValueOnce(new Error('no /proc'));
    const sampler = open();
    await expect(sampler.latest()).rejects.toMatchObject(unavailable);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await sampler.latest()).toEqual(numbered(2));
  });
  test('takes a read() that throws for one that fails', async () => {
    const { read, onError, open } = openTestSampler();
    read.mockImplementationOnce(() => {
      throw new Error('at once');
    });
    const sampler = open();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('at once'));
    expect(await sampler.latest()).toEqual(numbered(2));
  });
  test('tells that it fails once, and again only after it has worked', async () => {
    const { read, good, onError, open } = openTestSampler();
    const [first, later] = [new Error('first'), new Error('later')];
    read.mockRejectedValueOnce(first).mockRejectedValue(later);
    open();
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
    onTestFinished(() => timers.mockRestore());
    const { open } = openTestSampler({ intervalMs: 1_234 });
    open();
    await vi.advanceTimersByTimeAsync(0);
    const next = timers.mock.calls.findIndex(([, ms]) => ms === 1_234);
    expect((timers.mock.results[next]?.value as NodeJS.Timeout).hasRef()).toBe(false);
  });
});

describe('close()', () => {
  test('ends the sampling', async () => {
    const { read, open } = openTestSampler();
    const sampler = open();
    await vi.advanceTimersByTimeAsync(1_000);
    sampler.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
  test('while a sample is under way lets no other follow', async () => {
    const { read, open } = openTestSampler();
    read.mockImplementationOnce(forever);
    open().close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(read).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
