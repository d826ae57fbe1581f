/** At this many entries the cache is cleared. */
const MAX_ENTRIES = 10_000;

/**
 * Caches the results of `load` per key for `ttlMs`; concurrent calls with one key share one result.
 * Rejections are not cached.
 */
export function memoize<T>(ttlMs: number, load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const cache = new Map<string, { result: Promise<T>; expiresAt: number }>();
  return function readMemoized(key) {
    const cached = cache.get(key);
    if (cached && cached.expiresAt > performance.now()) return cached.result;
    if (cache.size >= MAX_ENTRIES) cache.clear();
    const result = (async () => load(key))();
    cache.set(key, { result, expiresAt: performance.now() + ttlMs });
    result.catch(() => cache.delete(key));
    return result;
  };
}
