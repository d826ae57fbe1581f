import type { FastifyRateLimitStore } from '@fastify/rate-limit';

interface RateWindow {
  count: number;
  /** By `performance.now()`. */
  endsAtMs: number;
}

/** Above this number the oldest window is dropped. */
const MAX_WINDOWS = 100_000;

/**
 * Replaces the store of @fastify/rate-limit, which returns its mutable counter: concurrent requests all read
 * the last count, so some are rejected below the limit. This store returns a number per request.
 */
export class MemoryRateLimitStore implements FastifyRateLimitStore {
  // Ordered by end: all windows have the same length, and a restarted one moves to the back.
  readonly #windows = new Map<string, RateWindow>();

  incr(
    key: string,
    callback: (error: null, result: { current: number; ttl: number }) => void,
    windowMs: number,
  ): void {
    const now = performance.now();
    const window = this.#findActive(key, now) ?? this.#start(key, now + windowMs);
    window.count += 1;
    callback(null, { current: window.count, ttl: window.endsAtMs - now });
  }

  child(): this {
    return this;
  }

  #findActive(key: string, now: number): RateWindow | undefined {
    const window = this.#windows.get(key);
    return window && window.endsAtMs > now ? window : undefined;
  }

  #start(key: string, endsAtMs: number): RateWindow {
    this.#windows.delete(key);
    if (this.#windows.size >= MAX_WINDOWS) this.#windows.delete(this.#windows.keys().next().value!);
    const window = { count: 0, endsAtMs };
    this.#windows.set(key, window);
    return window;
  }
}
