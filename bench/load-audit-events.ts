import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { withoutIndexes } from './without-indexes.ts';

/** The organization that owns four fifths of the events. */
export const ORG_ID = 1_000;
const MONTHS = 12;

const LOAD_SQL_URL = new URL('./audit-events.sql', import.meta.url);

/**
 * Replaces the audit log with this many events of the last twelve months, vacuumed and analyzed.
 * Returns the duration in seconds.
 */
export async function loadAuditEvents(sql: pg.Client, events: number): Promise<number> {
  const started = performance.now();
  await sql.query('TRUNCATE audit_events');
  await sql.query(
    `INSERT INTO organizations (id, name)
     SELECT $1 + i, 'Bench ' || i
     FROM generate_series(0, 20) AS i
     ON CONFLICT DO NOTHING`,
    [ORG_ID],
  );
  await sql.query(
    `SELECT make_month_partition('audit_events', now() - make_interval(months => i))
     FROM generate_series(0, $1::int) AS i`,
    [MONTHS],
  );
  await sql.query(`SET timezone = 'UTC'`);
  const load = await readFile(LOAD_SQL_URL, 'utf8');
  await withoutIndexes(sql, 'audit_events', async () => {
    await sql.query(load, [events, ORG_ID]);
  });
  return (performance.now() - started) / 1000;
}
