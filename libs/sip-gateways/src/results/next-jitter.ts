/**
 * The jitter after another latency, as RFC 3550, 6.4.1 smooths it: J += (|D| - J) / 16, where D is the difference of two latencies in
 * a row. All in milliseconds. Null until there were two; an answer that did not come leaves it as it is.
 */
export function nextJitter(
  jitter: number | null,
  before: number | null,
  latency: number | null,
): number | null {
  if (before === null || latency === null) return jitter;
  const known = jitter ?? 0;
  return known + (Math.abs(latency - before) - known) / 16;
}
