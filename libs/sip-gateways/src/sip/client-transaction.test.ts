import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTransaction, type Outcome, type TransactionOptions } from './client-transaction.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  // First: a spy on a fake timer would restore the fake one.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const ok = { code: 200, reason: 'OK' };
const trying = { code: 100, reason: 'Trying' };

function start(options: Partial<TransactionOptions> = {}) {
  const began = performance.now();
  const sent: number[] = [];
  const outcomes: (Outcome & { at: number })[] = [];
  const transaction = startTransaction({
    reliable: false,
    timeoutMs: 60_000,
    send: () => void sent.push(performance.now() - began),
    onOutcome: (outcome) => void outcomes.push({ ...outcome, at: performance.now() - began }),
    ...options,
  });
  return { transaction, sent, outcomes };
}

describe('retransmission', () => {
  it('happens after T1, doubling to T2, until timer F (RFC 3261, 17.1.2.2)', () => {
    const { sent, outcomes } = start();
    vi.advanceTimersByTime(40_000);
    expect(sent).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(outcomes).toMatchObject([{ kind: 'timeout', after: 'nothing', sent: 11 }]);
    expect(outcomes[0]!.at).toBeCloseTo(32_000, -1);
  });

  it('happens every T2 after a provisional response', () => {
    const { transaction, sent, outcomes } = start();
    vi.advanceTimersByTime(100);
    transaction.receive(trying, 1);
    vi.advanceTimersByTime(40_000);
    expect(sent).toEqual([0, 500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]);
    expect(outcomes).toMatchObject([{ kind: 'timeout', after: 'provisional' }]);
  });

  it('ends at the timeout', () => {
    const { sent, outcomes } = start({ timeoutMs: 2_000 });
    vi.advanceTimersByTime(40_000);
    expect(sent).toEqual([0, 500, 1_500]);
    expect(outcomes[0]!.at).toBeCloseTo(2_000, -1);
  });

  it('does not happen over TCP and TLS', () => {
    const { sent, outcomes } = start({ reliable: true });
    vi.advanceTimersByTime(40_000);
    expect(sent).toEqual([0]);
    expect(outcomes).toMatchObject([{ kind: 'timeout', sent: 1 }]);
  });
});

describe('a response', () => {
  it('to the only copy is the measurement', () => {
    const { transaction, outcomes } = start();
    vi.advanceTimersByTime(23);
    transaction.receive(ok, 1);
    transaction.receive(ok, 1);
    vi.advanceTimersByTime(40_000);
    expect(outcomes).toMatchObject([
      { kind: 'answered', code: 200, latencyMs: 23, sent: 1, lost: 0, at: 23 },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('to the third copy is measured from it, and counts the earlier copies as lost', () => {
    const { transaction, outcomes } = start();
    vi.advanceTimersByTime(1_520);
    transaction.receive(ok, 3);
    expect(outcomes).toMatchObject([{ latencyMs: 20, sent: 3, lost: 2 }]);
  });

  it.each([null, 0, 7])('that names the unknown copy %s counts for the last copy', (copy) => {
    const { transaction, outcomes } = start();
    vi.advanceTimersByTime(540);
    transaction.receive(ok, copy);
    expect(outcomes).toMatchObject([{ latencyMs: 40, sent: 2, lost: 1 }]);
  });

  it('that is slow is followed by a second one: the first copy was not lost', () => {
    const { transaction, sent, outcomes } = start();
    vi.advanceTimersByTime(700);
    transaction.receive(ok, 1);
    vi.advanceTimersByTime(500);
    expect(outcomes).toEqual([]);
    transaction.receive(ok, 2);
    expect(outcomes).toMatchObject([{ latencyMs: 700, sent: 2, lost: 0 }]);
    vi.advanceTimersByTime(40_000);
    expect(sent).toHaveLength(2);
  });

  it('repeated by the server for the second copy is measured from it: the first one was lost', () => {
    const { transaction, outcomes } = start();
    vi.advanceTimersByTime(520);
    transaction.receive(ok, 1);
    vi.advanceTimersByTime(5_000);
    expect(outcomes).toMatchObject([{ latencyMs: 20, sent: 2, lost: 1, at: 1_270 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that is ambiguous counts for the last copy at the timeout', () => {
    const { transaction, outcomes } = start({ timeoutMs: 800 });
    vi.advanceTimersByTime(520);
    transaction.receive(ok, 1);
    vi.advanceTimersByTime(1_000);
    expect(outcomes).toMatchObject([{ latencyMs: 20, sent: 2, lost: 1 }]);
    expect(outcomes[0]!.at).toBeCloseTo(800, -1);
  });

  it('after a provisional one is measured from the copy that it names', () => {
    const { transaction, outcomes } = start();
    vi.advanceTimersByTime(10);
    transaction.receive(trying, 1);
    vi.advanceTimersByTime(600);
    transaction.receive(ok, 1);
    expect(outcomes).toMatchObject([{ latencyMs: 610, sent: 2, lost: 0, at: 610 }]);
  });

  it('that arrived while the event loop was blocked still counts', () => {
    const { transaction, outcomes } = start({ timeoutMs: 1_000, reliable: true });
    const now = performance.now();
    // The clock advances, the timers do not: then they fire before the socket is read.
    vi.setSystemTime(Date.now() + 5_000);
    vi.spyOn(performance, 'now').mockImplementation(() => now + 5_000);
    vi.advanceTimersByTime(1_000);
    vi.advanceTimersByTime(100);
    expect(outcomes).toEqual([]);
    transaction.receive(ok, 1);
    expect(outcomes).toMatchObject([{ kind: 'answered' }]);
  });
});

describe('the outcome', () => {
  it('is reported once, even if send throws', () => {
    const error = new Error('no');
    const { transaction, outcomes } = start({
      send() {
        throw error;
      },
    });
    transaction.fail(error);
    transaction.receive(ok, 1);
    expect(outcomes).toMatchObject([{ kind: 'failed', error, sent: 1 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not reported after cancel', () => {
    const { transaction, outcomes } = start();
    transaction.cancel();
    vi.advanceTimersByTime(40_000);
    expect(outcomes).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
