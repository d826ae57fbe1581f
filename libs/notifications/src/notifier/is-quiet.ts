import type { QuietHours } from './notifier-rules.ts';

/**
 * Whether `now` is in the quiet hours: from `start` (inclusive) to `end` (exclusive), which may span
 * midnight.
 */
export function isQuiet(hours: QuietHours | null, now: Date): boolean {
  if (!hours) return false;
  const time = now.toISOString().slice(11, 16);
  const { start, end } = hours;
  return start <= end ? start <= time && time < end : time >= start || time < end;
}
