import type pg from 'pg';
import { createDatabase } from '@oriontel/database';
import { generateCalls } from '../seed/generate-calls.ts';
import { storeCalls } from '../seed/store-calls.ts';
import type { BenchApps } from '../stack.ts';
import { withoutIndexes } from '../without-indexes.ts';
import { BENCH_ORGANIZATIONS } from './organizations.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The stored calls spread over so many days, which end with the load. */
const STORED_DAYS = 90;
/** Stored through the worker's code; the rest are copies of them with other times, ids and numbers. */
const GENERATED_LEGS = 1_000_000;
const LOAD_TIMEOUT_MS = 3_600_000;
const COPIED_COLUMNS = `org_id, leg, direction, caller_raw, callee_raw, duration, billsec, disposition,
  hangup_cause, q850, sip_status, trunk_id, source, batch_id, content_hash, raw, stored_at`;

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
    TRUNCATE intake, quarantine, cdr_submissions, cdr_batches, cdr_summary, cdr_summary_deltas,
      audit_events`);
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
      await sql.query('TRUNCATE cdrs');
      await sql.query('CHECKPOINT');
    },
  };
}

/** `rows` legs of the last three months; start times of the last day. The table grows with each round. */
export function fullTable(sql: pg.Client, rows: number): TableState {
  return {
    ...emptyTable(sql),
    name: `${rows.toLocaleString('en-US')} rows`,
    async prepare() {
      await truncateIntake(sql);
      await sql.query('CHECKPOINT');
    },
  };
}

/** The first hour of a month whose partition has no rows and no statistics, as every month begins. */
export function freshPartition(sql: pg.Client): TableState {
  const now = new Date();
  // A month that no stored call is in.
  const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 6, 1));
  const name = `cdrs_${from.toISOString().slice(0, 7).replace('-', '_')}`;
  return {
    name: 'fresh partition',
    from,
    to: new Date(from.getTime() + HOUR_MS),
    async prepare() {
      await truncateIntake(sql);
      await sql.query(`DROP TABLE IF EXISTS ${name}`);
      await sql.query(`SELECT make_month_partition('cdrs', $1)`, [from]);
      await sql.query('CHECKPOINT');
    },
  };
}

export async function addOrganizations(apps: BenchApps): Promise<void> {
  const db = createDatabase({ url: apps.url, name: 'bench', connections: 2, statementTimeoutMs: 60_000 });
  const now = new Date();
  await storeCalls(db, [], { organizations: BENCH_ORGANIZATIONS, from: now, to: now });
  await db.$disconnect();
}

/** Fills `cdrs` with `rows` legs of the last three months, vacuumed and analyzed. */
export async function fillTable(apps: BenchApps, rows: number): Promise<void> {
  const { sql, url } = apps;
  const to = new Date();
  const from = new Date(to.getTime() - STORED_DAYS * DAY_MS);
  const legs = Math.min(rows, GENERATED_LEGS);
  const db = createDatabase({ url, name: 'bench', connections: 4, statementTimeoutMs: LOAD_TIMEOUT_MS });
  const calls = generateCalls({
    seed: 1,
    legs,
    from,
    to,
    organizations: BENCH_ORGANIZATIONS,
    twoLegShare: 0.2,
  });
  await storeCalls(db, calls, { organizations: BENCH_ORGANIZATIONS, from, to });
  await db.$disconnect();
  await sql.query('CREATE TEMPORARY TABLE generated AS SELECT * FROM cdrs');
  await withoutIndexes(sql, 'cdrs', async () => {
    for (let copy = 1; copy < rows / legs; copy += 1) await copyGenerated(sql, copy);
  });
  await sql.query('DROP TABLE generated');
  await truncateIntake(sql);
}

/**
 * Inserts the generated legs once more, `copy` minutes earlier: with other ids (they begin with the start
 * time in milliseconds), other call ids, and numbers that differ in the last digit.
 */
function copyGenerated(sql: pg.Client, copy: number): Promise<unknown> {
  return sql.query(
    `INSERT INTO cdrs (id, call_id, linked_call_id, caller, callee, start_time, answer_time, end_time,
       ${COPIED_COLUMNS})
     SELECT
       (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || substr(id::text, 14))::uuid,
       overlay(call_id PLACING prefix FROM 1 FOR 2),
       overlay(linked_call_id PLACING prefix FROM 1 FOR 2),
       left(caller, -1) || (right(caller, 1)::int + $1) % 10,
       left(callee, -1) || (right(callee, 1)::int + $1) % 10,
       start_time - shift,
       answer_time - shift,
       end_time - shift,
       ${COPIED_COLUMNS}
     FROM (
       SELECT *,
         make_interval(mins => $1) AS shift,
         lpad(to_hex($1), 2, '0') AS prefix,
         lpad(
           to_hex((extract(epoch FROM start_time - make_interval(mins => $1)) * 1000)::bigint),
           12,
           '0'
         ) AS ms
       FROM generated
     ) AS shifted`,
    [copy],
  );
}
