import type { QuietHours } from './notifier-rules.ts';

/** Whether `now` lies in the quiet hours: from their first minute until the one they end at, over midnight where need be. */
export function isQuiet(hours: QuietHours | null, now: Date): boolean {
  if (!hours) return false;
  const time = now.toISOString().slice(11, 16);
  const { start, end } = hours;
  return start <= end ? start <= time && time < end : time >= start || time < end;
}
