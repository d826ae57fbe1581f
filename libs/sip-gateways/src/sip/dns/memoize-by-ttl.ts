/** Seconds: RFC 2308 and plain prudence bound what a zone says of itself. */
const MIN_TTL_SECONDS = 5;
const MAX_TTL_SECONDS = 3_600;
const MAX_NAMES = 10_000;

/** What was found, and for how many seconds that holds. */
export interface WithTtl<T> {
  value: T;
  ttl: number;
}

/**
 * Remembers answers as long as they hold, from 5 s to an hour, and failures for 5 s. Who asks for a name that is being asked for shares that
 * answer. Of more than 10,000 names the oldest is forgotten.
 */
export function memoizeByTtl<T>(
  ask: (name: string) => Promise<WithTtl<T>>,
  now: () => number = () => performance.now(),
): (name: string) => Promise<T> {
  const known = new Map<string, { answer: Promise<T>; until: number }>();
  return function resolveMemoized(name) {
    const before = known.get(name);
    if (before && before.until > now()) return before.answer;
    known.delete(name);
    if (known.size >= MAX_NAMES) known.delete(known.keys().next().value!);
    const entry = { until: Infinity, answer: Promise.resolve() as Promise<unknown> as Promise<T> };
    function keepFor(ttl: number) {
      entry.until = now() + 1_000 * Math.min(Math.max(ttl, MIN_TTL_SECONDS), MAX_TTL_SECONDS);
    }
    entry.answer = (async () => ask(name))().then(
      ({ value, ttl }) => {
        keepFor(ttl);
        return value;
      },
      (error: unknown) => {
        keepFor(MIN_TTL_SECONDS);
        throw error;
      },
    );
    // Who asked may be gone when it fails.
    entry.answer.catch(() => {});
    known.set(name, entry);
    return entry.answer;
  };
}
