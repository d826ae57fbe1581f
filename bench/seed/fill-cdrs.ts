import type pg from 'pg';
import { createDatabase } from '@oriontel/database';
import type { BenchApps } from '../stack.ts';
import { withoutIndexes } from '../without-indexes.ts';
import { generateCalls, type CallOrganization } from './generate-calls.ts';
import { storeCalls } from './store-calls.ts';

const DAY_MS = 86_400_000;
/** The calls spread over so many days, which end with the load. */
const STORED_DAYS = 90;
/** Stored through the worker's code; the rest are copies of them with other times, ids and numbers. */
const GENERATED_LEGS = 1_000_000;
/** Of the routed calls. */
const TWO_LEG_SHARE = 0.2;
const LOAD_TIMEOUT_MS = 3_600_000;
const COPIED_COLUMNS = `org_id, leg, direction, duration, billsec, disposition, hangup_cause, q850,
  sip_status, trunk_id, source, batch_id, content_hash, raw, stored_at`;

/**
 * Fills `cdrs` with `rows` legs of these organizations over the last three months, vacuumed and analyzed,
 * unless it has as many.
 */
export async function fillCdrs(
  apps: BenchApps,
  rows: number,
  organizations: readonly CallOrganization[],
): Promise<void> {
  const { sql, url } = apps;
  if ((await countStoredLegs(sql)) >= rows) return;
  await sql.query('TRUNCATE cdrs');
  const to = new Date();
  const from = new Date(to.getTime() - STORED_DAYS * DAY_MS);
  const legs = Math.min(rows, GENERATED_LEGS);
  const db = createDatabase({ url, name: 'bench', connections: 4, statementTimeoutMs: LOAD_TIMEOUT_MS });
  const calls = generateCalls({ seed: 1, legs, from, to, organizations, twoLegShare: TWO_LEG_SHARE });
  await storeCalls(db, calls, { organizations, from, to });
  await db.$disconnect();
  await sql.query('CREATE TEMPORARY TABLE generated AS SELECT * FROM cdrs');
  await withoutIndexes(sql, 'cdrs', async () => {
    for (let copy = 1; copy < rows / legs; copy += 1) await copyGenerated(sql, copy);
  });
  await sql.query('DROP TABLE generated');
}

async function countStoredLegs(sql: pg.Client): Promise<number> {
  const { rows } = await sql.query<{ count: string }>('SELECT count(*) AS count FROM cdrs');
  return Number(rows[0]!.count);
}

/**
 * Inserts the generated legs once more, `copy` minutes earlier: with other ids (they begin with the start
 * time in milliseconds), other call ids, and numbers that differ in the last digit.
 */
function copyGenerated(sql: pg.Client, copy: number): Promise<unknown> {
  return sql.query(
    `INSERT INTO cdrs (id, call_id, linked_call_id, caller, callee, caller_raw, callee_raw,
       start_time, answer_time, end_time, ${COPIED_COLUMNS})
     SELECT
       (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || substr(id::text, 14))::uuid,
       overlay(call_id PLACING prefix FROM 1 FOR 2),
       overlay(linked_call_id PLACING prefix FROM 1 FOR 2),
       left(caller, -1) || (right(caller, 1)::int + $1) % 10,
       left(callee, -1) || (right(callee, 1)::int + $1) % 10,
       left(caller_raw, -1) || (right(caller_raw, 1)::int + $1) % 10,
       left(callee_raw, -1) || (right(callee_raw, 1)::int + $1) % 10,
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
