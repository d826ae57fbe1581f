import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** The organization that owns the gateways. */
export const ORG_ID = 1_000;

export interface GatewaySize {
  gateways: number;
  /** How many of the gateways have results of 30 days; the others have those of the last `hours`. */
  withHistory: number;
  hours: number;
}

const LOAD_SQL_URL = new URL('./gateway-results.sql', import.meta.url);

async function insertGateways(sql: pg.Client, count: number): Promise<void> {
  await sql.query(
    `INSERT INTO organizations (id, name)
     VALUES ($1, 'Bench')
     ON CONFLICT DO NOTHING`,
    [ORG_ID],
  );
  await sql.query(
    `INSERT INTO gateways (org_id, id, key, name, host, port, transport, interval_seconds, timeout_ms,
       ok_codes, failures_to_down, successes_to_up, enabled)
     SELECT $1, 'bench-' || i, md5('bench-' || i)::uuid, 'Gateway ' || i, 'gw' || i || '.example', 5060,
       'udp', 60, 5000, '{}', 3, 2, false
     FROM generate_series(1, $2::int) AS i`,
    [ORG_ID, count],
  );
  await sql.query(
    `INSERT INTO gateway_states (org_id, gateway_key, status, since, last_check, latency_ms,
       consecutive_successes)
     SELECT org_id, key, 'up', now(), now(), 20, 1
     FROM gateways`,
  );
}

/**
 * Replaces the gateways, their states and their results (one per minute), vacuumed and analyzed. Returns the
 * number of results and the duration in seconds.
 */
export async function loadGatewayResults(
  sql: pg.Client,
  { gateways, withHistory, hours }: GatewaySize,
): Promise<{ results: number; seconds: number }> {
  const started = performance.now();
  await sql.query(`TRUNCATE gateway_results, gateway_result_hours, gateways, gateway_states`);
  await sql.query(
    `SELECT make_month_partition('gateway_results', now() - make_interval(months => i))
     FROM generate_series(0, 2) AS i`,
  );
  await insertGateways(sql, gateways);
  await sql.query(
    `SET synchronous_commit = off;
     SET maintenance_work_mem = '512MB'`,
  );
  const load = await readFile(LOAD_SQL_URL, 'utf8');
  const { rowCount } = await sql.query(load, [gateways, ORG_ID, withHistory, hours]);
  await sql.query(
    `INSERT INTO gateway_result_hours
     SELECT org_id, gateway_key, date_trunc('hour', at, 'UTC'), max(at), max(status),
       COALESCE(sum(latency_ms::float8) FILTER (WHERE status < 2), 0),
       count(latency_ms) FILTER (WHERE status < 2), count(*), count(*) FILTER (WHERE status < 2)
     FROM gateway_results
     GROUP BY 1, 2, 3`,
  );
  for (const table of ['gateway_result_hours', 'gateway_results', 'gateways', 'gateway_states'])
    await sql.query(`VACUUM ANALYZE ${table}`);
  await sql.query('CHECKPOINT');
  return { results: rowCount!, seconds: (performance.now() - started) / 1000 };
}
