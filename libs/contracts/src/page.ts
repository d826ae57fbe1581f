import { z } from 'zod';
import { IdText } from './fields.ts';

const LIMIT_MESSAGE = 'must be a whole number from 1 to 500';
const OFFSET_MESSAGE = 'must be a whole number from 0 to 1000000';

/** How many of a list, at most. */
export const Limit = z.coerce
  .number(LIMIT_MESSAGE)
  .int(LIMIT_MESSAGE)
  .min(1, LIMIT_MESSAGE)
  .max(500, LIMIT_MESSAGE)
  .default(100);

/** What every list with pages asks: spread it into the query of the route. */
export const pageQuery = {
  org_id: IdText.optional(),
  limit: Limit,
  offset: z.coerce
    .number(OFFSET_MESSAGE)
    .int(OFFSET_MESSAGE)
    .min(0, OFFSET_MESSAGE)
    .max(1_000_000, OFFSET_MESSAGE)
    .default(0),
};

/** Which part of a list. */
export interface Page {
  limit: number;
  offset: number;
}

/** One page and how long the whole list is. */
export interface Paged<T> {
  items: T[];
  total: number;
}
