/** Bounds of a TTL, whatever the zone says; failures are kept for the minimum (RFC 2308). */
const MIN_TTL_SECONDS = 5;
const MAX_TTL_SECONDS = 3_600;
const MAX_NAMES = 10_000;

export interface WithTtl<T> {
  value: T;
  ttlSeconds: number;
}

interface Entry<T> {
  result: Promise<T>;
  /** Milliseconds of `now`. */
  expiresAt: number;
}

/**
 * Caches results for their TTL, from 5 s to an hour, and failures for 5 s. Concurrent calls for a name share
 * one query. Keeps at most 10,000 names and evicts the oldest.
 */
export function memoizeByTtl<T>(
  query: (name: string) => Promise<WithTtl<T>>,
  now: () => number = () => performance.now(),
): (name: string) => Promise<T> {
  const entries = new Map<string, Entry<T>>();

  function startQuery(name: string): Entry<T> {
    // An async function turns a synchronous error into a rejection.
    async function runQuery(): Promise<WithTtl<T>> {
      return query(name);
    }
    const found = runQuery();
    const entry: Entry<T> = { expiresAt: Infinity, result: found.then(({ value }) => value) };
    function keepFor(ttlSeconds: number): void {
      entry.expiresAt = now() + 1_000 * Math.min(Math.max(ttlSeconds, MIN_TTL_SECONDS), MAX_TTL_SECONDS);
    }
    found.then(
      ({ ttlSeconds }) => keepFor(ttlSeconds),
      () => keepFor(MIN_TTL_SECONDS),
    );
    // The caller may have stopped waiting when it fails.
    entry.result.catch(() => undefined);
    return entry;
  }

  return function resolveMemoized(name) {
    const known = entries.get(name);
    if (known && known.expiresAt > now()) return known.result;
    entries.delete(name);
    if (entries.size >= MAX_NAMES) entries.delete(entries.keys().next().value!);
    const entry = startQuery(name);
    entries.set(name, entry);
    return entry.result;
  };
}
