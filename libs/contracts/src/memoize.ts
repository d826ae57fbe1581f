/** At this many entries the cache is cleared. */
const MAX_ENTRIES = 10_000;

/**
 * Caches the results of `load` per input for `ttlMs`; concurrent calls with one input share one result.
 * Rejections are not cached. `keyOf` must return different keys for different inputs.
 */
export function memoize<T>(
  ttlMs: number,
  load: (input: string) => Promise<T>,
  keyOf: (input: string) => string = (input) => input,
): (input: string) => Promise<T> {
  const cache = new Map<string, { result: Promise<T>; expiresAt: number }>();
  return function readMemoized(input) {
    const key = keyOf(input);
    const cached = cache.get(key);
    if (cached && cached.expiresAt > performance.now()) return cached.result;
    if (cache.size >= MAX_ENTRIES) cache.clear();
    const result = (async () => load(input))();
    cache.set(key, { result, expiresAt: performance.now() + ttlMs });
    result.catch(() => cache.delete(key));
    return result;
  };
}
