import { readFile } from 'node:fs/promises';
import type pg from 'pg';

const LOAD_SQL_URL = new URL('./stored-cdrs.sql', import.meta.url);

/** Inserts this many calls of 2024 into `cdrs`, then vacuums and analyzes it. */
export async function loadStoredCdrs(sql: pg.Client, calls: number): Promise<void> {
  await sql.query(
    `SELECT make_week_partition($1, week)
     FROM generate_series(timestamptz '2024-01-01', '2024-12-31', '1 week') AS week`,
    ['cdrs'],
  );
  const load = await readFile(LOAD_SQL_URL, 'utf8');
  await sql.query(load.replace('$1::int', String(calls)));
  await sql.query('VACUUM ANALYZE cdrs');
}

/** The number of records that the worker has stored. */
export async function countStoredRecords(sql: pg.Client): Promise<number> {
  const { rows } = await sql.query<{ stored: string | null }>(
    'SELECT sum(stored) AS stored FROM cdr_batches',
  );
  return Number(rows[0]!.stored ?? 0);
}
