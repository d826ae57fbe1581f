import { hash } from 'node:crypto';
import { Failure } from '@oriontel/contracts';
import { z } from 'zod';
import type { EventFilter, SortPosition, Sort } from './audit-event.repository.ts';

/** How many match; beyond what is counted, about how many. */
export interface Total {
  records: number;
  isEstimate: boolean;
}

/** Where a search goes on. What was counted on its first page need not be counted again. */
export interface SearchCursor {
  position: SortPosition;
  page: number;
  total: Total;
}

const MAX_TIME_MS = Date.UTC(9999, 0);
const EncodedCursor = z.tuple([
  z.string(),
  z.union([z.string().regex(/^[A-Za-z0-9._-]{1,64}$/), z.int().min(0).max(3), z.null()]),
  z.int().min(0).max(MAX_TIME_MS),
  z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  z.int().min(2).max(Number.MAX_SAFE_INTEGER),
  z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  z.boolean(),
]);

/** What makes two searches the same, but for the page. */
function fingerprintSearch(orgId: number, filter: EventFilter, sort: Sort): string {
  return hash('sha256', JSON.stringify([orgId, filter, sort]), 'base64url').slice(0, 12);
}

function positionValueType({ by }: Sort): 'string' | 'number' | 'object' {
  return by === 'event_type' ? 'string' : by === 'severity' ? 'number' : 'object';
}

export function encodeSearchCursor(
  orgId: number,
  filter: EventFilter,
  sort: Sort,
  { position, page, total }: SearchCursor,
): string {
  const search = fingerprintSearch(orgId, filter, sort);
  const { value, createdAt, id } = position;
  const written: z.output<typeof EncodedCursor> = [
    search,
    value,
    createdAt.getTime(),
    id,
    page,
    total.records,
    total.isEstimate,
  ];
  return Buffer.from(JSON.stringify(written)).toString('base64url');
}

/** @throws Failure bad_request where it is not one that this very search gave out. */
export function decodeSearchCursor(
  orgId: number,
  filter: EventFilter,
  sort: Sort,
  cursor: string,
): SearchCursor {
  const { success, data } = EncodedCursor.safeParse(parseBase64Json(cursor));
  if (
    !success ||
    data[0] !== fingerprintSearch(orgId, filter, sort) ||
    typeof data[1] !== positionValueType(sort)
  )
    throw invalidCursor();
  const [, value, ms, id, page, records, isEstimate] = data;
  return { position: { value, createdAt: new Date(ms), id }, page, total: { records, isEstimate } };
}

function parseBase64Json(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

function invalidCursor(): Failure {
  return new Failure('bad_request', 'cursor is not one that this search gave out.', {
    details: [{ field: 'cursor', message: 'take it from next_cursor of the same search' }],
  });
}
