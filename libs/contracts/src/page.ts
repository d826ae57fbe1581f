import { z } from 'zod';
import { IdText } from './fields.ts';

const LIMIT = 'must be a whole number from 1 to 500';
const OFFSET = 'must be a whole number from 0 to 1000000';

/** How many of a list, at most. */
export const Limit = z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(500, LIMIT).default(100);

/** What every list with pages asks: spread it into the query of the route. */
export const pageQuery = {
  org_id: IdText.optional(),
  limit: Limit,
  offset: z.coerce.number(OFFSET).int(OFFSET).min(0, OFFSET).max(1_000_000, OFFSET).default(0),
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
