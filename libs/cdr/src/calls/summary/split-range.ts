/** A time range that includes `from` and excludes `to`; null is unbounded. */
export interface Span {
  from: Date | null;
  to: Date | null;
}

const HOUR_MS = 3_600_000;
/** The resolution of stored times. */
const TICK_MS = 1;

/** A range as whole hours (UTC) and the remainders at both ends. */
export interface SplitRange {
  /** Null if the range contains no whole hour. */
  hours: Span | null;
  /** Up to two spans shorter than an hour, or a single one shorter than two hours. */
  edges: Span[];
}

/**
 * Splits a range into hours that the summary has counted and edges to count. Includes both `from` and `to`.
 */
export function splitRange(from: Date | undefined, to: Date | undefined): SplitRange {
  const start = from?.getTime() ?? -Infinity;
  const end = to ? to.getTime() + TICK_MS : Infinity;
  if (start >= end) return { hours: null, edges: [] };
  const firstHour = Math.ceil(start / HOUR_MS) * HOUR_MS;
  const lastHour = Math.floor(end / HOUR_MS) * HOUR_MS;
  if (firstHour >= lastHour) return { hours: null, edges: [spanOf(start, end)] };
  const edges = [spanOf(start, firstHour), spanOf(lastHour, end)].filter(isNotEmpty);
  return { hours: spanOf(firstHour, lastHour), edges };
}

const dateOf = (time: number): Date | null => (Number.isFinite(time) ? new Date(time) : null);

const spanOf = (from: number, to: number): Span => ({ from: dateOf(from), to: dateOf(to) });

const isNotEmpty = ({ from, to }: Span): boolean => from?.getTime() !== to?.getTime();
