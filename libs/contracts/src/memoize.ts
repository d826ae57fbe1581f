/** Answers kept at once; beyond it all are forgotten. */
const MAX_ENTRIES = 10_000;

/** Remembers the answers of `ask` for `ms` milliseconds; callers who ask the same at the same time share one answer. */
export function memoize<T>(ms: number, ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const answers = new Map<string, { answer: Promise<T>; until: number }>();
  return function readMemoized(key) {
    const known = answers.get(key);
    if (known && known.until > performance.now()) return known.answer;
    if (answers.size >= MAX_ENTRIES) answers.clear();
    const answer = (async () => ask(key))();
    answers.set(key, { answer, until: performance.now() + ms });
    // A failure is nobody's answer.
    answer.catch(() => answers.delete(key));
    return answer;
  };
}
