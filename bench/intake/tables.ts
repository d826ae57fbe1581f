import type pg from 'pg';
import { createDatabase } from '@oriontel/database';
import { loadAuditEvents } from '../load-audit-events.ts';
import { fillCdrs } from '../seed/fill-cdrs.ts';
import { storeCalls } from '../seed/store-calls.ts';
import type { BenchApps } from '../stack.ts';
import { BENCH_ORGANIZATIONS, FIRST_BENCH_ORG_ID } from './organizations.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** State of `cdrs` before a measurement. */
export interface TableState {
  name: string;
  /** Range of the start times of the load. */
  from: Date;
  to: Date;
  /** Brings the table into this state; called before each round and before each COPY. */
  prepare: () => Promise<void>;
}

async function truncateIntake(sql: pg.Client): Promise<void> {
  await sql.query(`
    TRUNCATE intake, quarantine, cdr_submissions, cdr_batches, cdr_summary, cdr_summary_deltas`);
}

/** No rows; start times of the last day. */
export function emptyTable(sql: pg.Client): TableState {
  const to = new Date();
  return {
    name: 'empty table',
    from: new Date(to.getTime() - DAY_MS),
    to,
    async prepare() {
      await truncateIntake(sql);
      await sql.query('TRUNCATE cdrs, audit_events');
      await sql.query('CHECKPOINT');
    },
  };
}

/**
 * `rows` legs of the last three months, and as many audit events of the last year; start times of the last
 * day. The table of legs grows with each round.
 */
export async function fullTable(apps: BenchApps, rows: number): Promise<TableState> {
  const { sql } = apps;
  await fillCdrs(apps, rows, BENCH_ORGANIZATIONS);
  if ((await countLoadedEvents(sql)) < rows) await loadAuditEvents(sql, rows);
  return {
    ...emptyTable(sql),
    name: `${rows.toLocaleString('en-US')} rows`,
    async prepare() {
      await truncateIntake(sql);
      await sql.query('DELETE FROM audit_events WHERE org_id >= $1', [FIRST_BENCH_ORG_ID]);
      await sql.query('CHECKPOINT');
    },
  };
}

async function countLoadedEvents(sql: pg.Client): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    'SELECT count(*) AS count FROM audit_events WHERE org_id < $1',
    [FIRST_BENCH_ORG_ID],
  );
  return Number(rows[0]!.count);
}

const FRESH_PARTITION_WEEKS_AGO = 26;

/** The first hour of a week whose partition has no rows and no statistics, as every week begins. */
export function freshPartition(sql: pg.Client): TableState {
  // A week that no stored call is in.
  const from = startOfWeek(new Date(Date.now() - FRESH_PARTITION_WEEKS_AGO * WEEK_MS));
  const name = `cdrs_${from.toISOString().slice(0, 10).replaceAll('-', '_')}`;
  return {
    name: 'fresh partition',
    from,
    to: new Date(from.getTime() + HOUR_MS),
    async prepare() {
      await truncateIntake(sql);
      await sql.query('TRUNCATE audit_events');
      await sql.query(`DROP TABLE IF EXISTS ${name}`);
      await sql.query(`SELECT make_week_partition('cdrs', $1)`, [from]);
      await sql.query('CHECKPOINT');
    },
  };
}

/** Monday, 00:00 UTC. */
function startOfWeek(time: Date): Date {
  const sinceMonday = (time.getUTCDay() + 6) % 7;
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate() - sinceMonday));
}

export async function addOrganizations(apps: BenchApps): Promise<void> {
  const db = createDatabase({ url: apps.url, name: 'bench', connections: 2, statementTimeoutMs: 60_000 });
  const now = new Date();
  await storeCalls(db, [], { organizations: BENCH_ORGANIZATIONS, from: now, to: now });
  await db.$disconnect();
}
