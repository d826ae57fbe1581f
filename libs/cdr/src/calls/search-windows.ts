import type { Cursor } from '@oriontel/contracts';
import type { CallFilter } from './call-filter.repository.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const WINDOWS_MS = [10 * MINUTE_MS, 120 * MINUTE_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS];

/**
 * The earliest start times that a search for a page tries one after the other until the page is full; null,
 * the last one, is unlimited. The matches of a number prefix have to be sorted: those of a short time are
 * few. Other searches read along an index and have no windows.
 */
export function searchWindows(filter: CallFilter, after: Cursor | null): (Date | null)[] {
  if (!hasPrefix(filter)) return [null];
  const { from, to } = filter;
  const end = Math.min(Date.now(), to?.getTime() ?? Infinity, after?.time.getTime() ?? Infinity);
  const starts = WINDOWS_MS.map((windowMs) => new Date(end - windowMs));
  return [...starts.filter((start) => !from || start > from), null];
}

/** Whether the filter has a number prefix, whose matches no index returns in the order of the page. */
export function hasPrefix({ caller, callee, number }: CallFilter): boolean {
  return [caller, callee, number].some((filter) => filter?.isPrefix);
}
