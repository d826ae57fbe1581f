import { hash } from 'node:crypto';
import { Failure } from '@oriontel/contracts';
import { z } from 'zod';
import type { EventFilter, Place, Sort } from './audit-event.repository.ts';

/** How many match; beyond what is counted, about how many. */
export interface Total {
  records: number;
  isEstimate: boolean;
}

/** Where a search goes on. What was counted on its first page need not be counted again. */
export interface SearchCursor {
  place: Place;
  page: number;
  total: Total;
}

const LATEST = Date.UTC(9999, 0);
const Written = z.tuple([
  z.string(),
  z.union([z.string().regex(/^[A-Za-z0-9._-]{1,64}$/), z.int().min(0).max(3), z.null()]),
  z.int().min(0).max(LATEST),
  z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  z.int().min(2).max(Number.MAX_SAFE_INTEGER),
  z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  z.boolean(),
]);

/** What makes two searches the same, but for the page. */
const searchOf = (orgId: number, filter: EventFilter, sort: Sort): string =>
  hash('sha256', JSON.stringify([orgId, filter, sort]), 'base64url').slice(0, 12);

const valueOf = ({ by }: Sort): 'string' | 'number' | 'object' =>
  by === 'event_type' ? 'string' : by === 'severity' ? 'number' : 'object';

export const writeSearchCursor = (
  orgId: number,
  filter: EventFilter,
  sort: Sort,
  { place, page, total }: SearchCursor,
): string => {
  const search = searchOf(orgId, filter, sort);
  const { value, createdAt, id } = place;
  const written: z.output<typeof Written> = [
    search,
    value,
    createdAt.getTime(),
    id,
    page,
    total.records,
    total.isEstimate,
  ];
  return Buffer.from(JSON.stringify(written)).toString('base64url');
};

/** @throws Failure bad_request where it is not one that this very search gave out. */
export const readSearchCursor = (
  orgId: number,
  filter: EventFilter,
  sort: Sort,
  cursor: string,
): SearchCursor => {
  const { success, data } = Written.safeParse(parse(cursor));
  if (!success || data[0] !== searchOf(orgId, filter, sort) || typeof data[1] !== valueOf(sort))
    throw foreign();
  const [, value, ms, id, page, records, isEstimate] = data;
  return { place: { value, createdAt: new Date(ms), id }, page, total: { records, isEstimate } };
};

const parse = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
};

const foreign = (): Failure =>
  new Failure('bad_request', 'cursor is not one that this search gave out.', {
    details: [{ field: 'cursor', message: 'take it from next_cursor of the same search' }],
  });
