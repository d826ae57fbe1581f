import { fieldFailure } from '@oriontel/contracts';
import { Prisma } from './generated/client.ts';
import type { Queryable } from './sql-transaction.ts';

/** Of the large column of a page, so that a page of large rows does not block or fill a process. */
export const MAX_PAGE_BYTES = 8 * 1024 * 1024;

/** A free-form object has at most 64 KiB (JsonObject): so many fit in any case. */
const MAX_UNMEASURED_ROWS = 64;

export interface PageQuery {
  /** The number of rows that the client wants. */
  limit: number;
  /** The column of the page that may be large. */
  largeColumn: string;
  /**
   * The parameter with the limit.
   * @default limit
   */
  limitName?: string;
  /** Begins with the statement: UNPREPARED, or nothing. */
  prefix?: Prisma.Sql;
}

/**
 * Runs `page`, a SELECT of at most `limit` rows, without reading more than MAX_PAGE_BYTES of its large
 * column.
 * @throws Failure bad_request if the page is larger; it states how many rows fit
 */
export async function queryPage<T extends object>(
  db: Queryable,
  page: Prisma.Sql,
  { limit, largeColumn, limitName = 'limit', prefix = Prisma.empty }: PageQuery,
): Promise<T[]> {
  if (limit <= MAX_UNMEASURED_ROWS) return db.$queryRaw`${prefix}${page}`;
  const column = Prisma.raw(`"${largeColumn}"`);
  const rows = await db.$queryRaw<(T & { page_rows: number; page_bytes: number })[]>`${prefix}
    WITH page AS MATERIALIZED (${page}),
      measured AS (
        SELECT *,
          count(*) OVER ()::int AS page_rows,
          sum(octet_length(${column}::text)) OVER (ROWS UNBOUNDED PRECEDING)::int AS page_bytes
        FROM page
      )
    SELECT *
    FROM measured
    WHERE page_bytes IS NULL
      OR page_bytes <= ${MAX_PAGE_BYTES}::int`;
  if (rows.length < (rows[0]?.page_rows ?? 0)) {
    const fitting = `${rows.length} of these items fit into ${MAX_PAGE_BYTES} bytes`;
    throw fieldFailure(limitName, `is too high: only ${fitting}`);
  }
  return rows.map(({ page_rows: _rows, page_bytes: _bytes, ...row }) => row as unknown as T);
}
