import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** The organization that owns four fifths of the events. */
export const ORG_ID = 1_000;
const MONTHS = 12;

const LOAD_SQL_URL = new URL('./audit-events.sql', import.meta.url);

interface Index {
  name: string;
  definition: string;
}

async function readIndexes(sql: pg.Client): Promise<Index[]> {
  const { rows } = await sql.query<Index>(
    `SELECT indexrelid::regclass::text AS name,
       replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index
     WHERE indrelid = 'audit_events'::regclass
       AND NOT indisprimary`,
  );
  return rows;
}

/**
 * Replaces the audit log with this many events of the last twelve months, vacuumed and analyzed. Indexes are
 * dropped during the load, which takes a fraction of the time. Returns the duration in seconds.
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
  const indexes = await readIndexes(sql);
  for (const { name } of indexes) await sql.query(`DROP INDEX ${name}`);
  await sql.query(
    `SET timezone = 'UTC';
     SET synchronous_commit = off;
     SET maintenance_work_mem = '512MB'`,
  );
  await sql.query(await readFile(LOAD_SQL_URL, 'utf8'), [events, ORG_ID]);
  for (const { definition } of indexes) await sql.query(definition);
  await sql.query('VACUUM ANALYZE audit_events');
  await sql.query('CHECKPOINT');
  return (performance.now() - started) / 1000;
}
