import { z } from 'zod';
import { IdText } from './fields.ts';

const LIMIT_MESSAGE = 'must be a whole number from 1 to 500';
const OFFSET_MESSAGE = 'must be a whole number from 0 to 1000000';

/** Items per page, 1 to 500. */
export const Limit = z.coerce
  .number(LIMIT_MESSAGE)
  .int(LIMIT_MESSAGE)
  .min(1, LIMIT_MESSAGE)
  .max(500, LIMIT_MESSAGE)
  .default(100);

/** Query parameters of every list with offset pages: spread it into the query of the route. */
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

/** Position of a page within a list. */
export interface Page {
  limit: number;
  offset: number;
}

/** A page and the length of the whole list. */
export interface Paged<T> {
  items: T[];
  total: number;
}
