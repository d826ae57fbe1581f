/**
 * The jitter in milliseconds after another latency, smoothed as in RFC 3550, 6.4.1: J += (|D| - J) / 16,
 * where D is the difference of two consecutive latencies. Null until there are two; a missing latency leaves
 * it unchanged.
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
