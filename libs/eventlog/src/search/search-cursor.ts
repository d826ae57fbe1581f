import { hash } from 'node:crypto';
import { Failure } from '@oriontel/contracts';
import { z } from 'zod';
import type { EventFilter, SortPosition, Sort } from '../events/audit-event.repository.ts';

/** The number of matches: exact, or estimated beyond what is counted. */
export interface Total {
  records: number;
  isEstimate: boolean;
}

/** The position of the next page, and the total of the first page, which is not counted again. */
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

/** Equal for searches that differ only in their page. */
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
  const encoded: z.output<typeof EncodedCursor> = [
    search,
    value,
    createdAt.getTime(),
    id,
    page,
    total.records,
    total.isEstimate,
  ];
  return Buffer.from(JSON.stringify(encoded)).toString('base64url');
}

/** @throws Failure bad_request if the cursor is malformed or of another search */
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
  return new Failure('bad_request', 'cursor is not from this search.', {
    details: [{ field: 'cursor', message: 'must be next_cursor of the same search' }],
  });
}
