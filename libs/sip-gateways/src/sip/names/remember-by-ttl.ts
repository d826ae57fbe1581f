/** Seconds: RFC 2308 and plain prudence bound what a zone says of itself. */
const LEAST = 5;
const MOST = 3_600;
const NAMES = 10_000;

/** What was found, and for how many seconds that holds. */
export interface Found<T> {
  value: T;
  ttl: number;
}

/**
 * Remembers answers as long as they hold, from 5 s to an hour, and failures for 5 s. Who asks for a name that is being asked for shares that
 * answer. Of more than 10,000 names the oldest is forgotten.
 */
export const rememberByTtl = <T>(
  ask: (name: string) => Promise<Found<T>>,
  now: () => number = () => performance.now(),
): ((name: string) => Promise<T>) => {
  const known = new Map<string, { answer: Promise<T>; until: number }>();
  return (name) => {
    const before = known.get(name);
    if (before && before.until > now()) return before.answer;
    known.delete(name);
    if (known.size >= NAMES) known.delete(known.keys().next().value!);
    const entry = { until: Infinity, answer: Promise.resolve() as Promise<unknown> as Promise<T> };
    const keepFor = (ttl: number) => {
      entry.until = now() + 1_000 * Math.min(Math.max(ttl, LEAST), MOST);
    };
    entry.answer = (async () => ask(name))().then(
      ({ value, ttl }) => {
        keepFor(ttl);
        return value;
      },
      (error: unknown) => {
        keepFor(LEAST);
        throw error;
      },
    );
    // Who asked may be gone when it fails.
    entry.answer.catch(() => {});
    known.set(name, entry);
    return entry.answer;
  };
};
