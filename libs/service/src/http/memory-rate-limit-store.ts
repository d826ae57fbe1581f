import type { FastifyRateLimitStore } from '@fastify/rate-limit';

interface RateWindow {
  count: number;
  /** Milliseconds, by the clock of this process. */
  endsAtMs: number;
}

/** Senders remembered at once. */
const MAX_SENDERS = 100_000;

/**
 * The plugin's own store hands out its counter itself, and requests that go on together all read the last one's count:
 * it refuses some that it should let through. This one hands out numbers.
 */
export class MemoryRateLimitStore implements FastifyRateLimitStore {
  // In the order in which they end: all are equally long, and one that begins anew goes to the back.
  readonly #windows = new Map<string, RateWindow>();

  incr(
    key: string,
    answer: (error: null, result: { current: number; ttl: number }) => void,
    length: number,
  ): void {
    const now = performance.now();
    const window = this.#running(key, now) ?? this.#begin(key, now + length);
    window.count += 1;
    answer(null, { current: window.count, ttl: window.endsAtMs - now });
  }

  child(): this {
    return this;
  }

  #running(key: string, now: number): RateWindow | undefined {
    const window = this.#windows.get(key);
    return window && window.endsAtMs > now ? window : undefined;
  }

  #begin(key: string, endsAtMs: number): RateWindow {
    this.#windows.delete(key);
    if (this.#windows.size >= MAX_SENDERS) this.#windows.delete(this.#windows.keys().next().value!);
    const window = { count: 0, endsAtMs };
    this.#windows.set(key, window);
    return window;
  }
}
