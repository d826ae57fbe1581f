import { required, time } from '@oriontel/contracts';
import { z } from 'zod';

const MOMENT =
  'must be an ISO 8601 day or time with offset, like 2024-01-15 or 2024-01-15T10:30:00Z, in 1970 to 9998';
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

const startOfDay = (day: string): string => `${day}T00:00:00Z`;

const Moment = z
  .string(required(MOMENT))
  .refine((text) => time.safeParse(DAY.test(text) ? startOfDay(text) : text).success, MOMENT);

const fromOf = (moment: string): Date => new Date(DAY.test(moment) ? startOfDay(moment) : moment);

/** The exclusive end of a range: a day includes all of it, a time is the last millisecond included. */
function beforeOf(moment: string): Date {
  return new Date(fromOf(moment).getTime() + (DAY.test(moment) ? DAY_MS : 1));
}

/** A range as clients write it: both ends are included and optional. */
export const DateRange = z
  .object(
    {
      start: Moment.nullish().meta({
        description: 'ISO 8601 day (UTC) or time, inclusive; default: unbounded',
      }),
      end: Moment.nullish().meta({
        description: 'ISO 8601 day (UTC, the whole day) or time, inclusive; default: unbounded',
      }),
    },
    required('must be an object with start, end or both'),
  )
  .refine(({ start, end }) => !start || !end || fromOf(start) < beforeOf(end), {
    path: ['start'],
    message: 'must not be after date_range.end',
  });
export type DateRange = z.output<typeof DateRange>;

/** A range that includes `from` and excludes `before`; null is unbounded. */
export interface TimeRange {
  from: Date | null;
  before: Date | null;
}

export function toTimeRange(range: DateRange | null | undefined): TimeRange {
  return {
    from: range?.start ? fromOf(range.start) : null,
    before: range?.end ? beforeOf(range.end) : null,
  };
}

/** The last millisecond of the range; null if it is unbounded. */
export function lastMomentOf({ before }: TimeRange): Date | null {
  return before && new Date(before.getTime() - 1);
}
