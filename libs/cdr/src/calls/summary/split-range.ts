/** From the first moment on, up to the second and without it; null is open. */
export interface Span {
  from: Date | null;
  to: Date | null;
}

const HOUR_MS = 3_600_000;
/** What follows a moment in the table: times are kept to the millisecond. */
const TICK_MS = 1;

/** The whole hours (UTC) of a range, and what is left of it at both ends. */
export interface SplitRange {
  /** Null where the range holds no whole hour. */
  hours: Span | null;
  /** None, one or two, each shorter than an hour; or one that is shorter than two. */
  edges: Span[];
}

/** Whole hours are counted already, edges must be. `from` and `to` both belong to the range, as in every search for CDRs. */
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
