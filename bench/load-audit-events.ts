import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** The organization that has four fifths of the events. */
export const ORG_ID = 1_000;
const MONTHS = 12;

const LOAD_SQL_URL = new URL('./audit-events.sql', import.meta.url);

/**
 * Fills the audit log with so many events of the last twelve months and nothing else. Indexes are made afterward, in a fraction
 * of the time; vacuumed and analysed as autovacuum would in the meantime. Returns the seconds it took.
 */
export async function loadAuditEvents(sql: pg.Client, events: number): Promise<number> {
  const started = performance.now();
  await sql.query('TRUNCATE audit_events');
  await sql.query(
    `INSERT INTO organizations (id, name) SELECT $1 + i, 'Bench ' || i FROM generate_series(0, 20) AS i ON CONFLICT DO NOTHING`,
    [ORG_ID],
  );
  await sql.query(
    `SELECT make_month_partition('audit_events', now() - make_interval(months => i)) FROM generate_series(0, $1::int) AS i`,
    [MONTHS],
  );
  const { rows: indexes } = await sql.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index WHERE indrelid = 'audit_events'::regclass AND NOT indisprimary`,
  );
  for (const { name } of indexes) await sql.query(`DROP INDEX ${name}`);
  await sql.query(`SET timezone = 'UTC'; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'`);
  await sql.query(await readFile(LOAD_SQL_URL, 'utf8'), [events, ORG_ID]);
  for (const { definition } of indexes) await sql.query(definition);
  await sql.query('VACUUM ANALYZE audit_events');
  await sql.query('CHECKPOINT');
  return (performance.now() - started) / 1000;
}
