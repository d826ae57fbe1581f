import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { measureCopyRate } from './measure-copy.ts';
import { postBodies } from './load.ts';
import { createBatchBodies } from './records.ts';
import type { BenchStack } from './stack.ts';
import { countStoredRecords } from './stored-cdrs.ts';

export interface Figures {
  /** Records per second until the last was acknowledged. */
  acknowledged: number;
  /** Records per second until the last was in its final table. */
  stored: number;
  /** Records per second of a bare Fastify route that parses the same bodies. */
  bare: number;
  /** Rows per second of a server-side COPY of the same rows into the same table. */
  copied: number;
}

export interface Shape {
  requests: number;
  recordsEach: number;
  connections: number;
}

async function truncateTables(sql: pg.Client): Promise<void> {
  await sql.query('TRUNCATE cdrs, intake, cdr_submissions, cdr_batches, quarantine');
  await sql.query('CHECKPOINT');
}

async function secondsUntilStored(sql: pg.Client, records: number): Promise<number> {
  const started = performance.now();
  while ((await countStoredRecords(sql)) < records) await sleep(20);
  return (performance.now() - started) / 1000;
}

/** One round with the same bodies: bare route, intake with its worker, and COPY of the resulting rows. */
export async function measureIntake(stack: BenchStack, shape: Shape): Promise<Figures> {
  const { requests, recordsEach, connections } = shape;
  const { baseUrl, bareUrl, token, sql } = stack;
  const records = requests * recordsEach;
  const bodies = createBatchBodies(requests, recordsEach);
  const bare = await postBodies({ url: `${bareUrl}/cdr/bench`, token, bodies, connections });

  await truncateTables(sql);
  const [acknowledged, stored] = await Promise.all([
    postBodies({ url: `${baseUrl}/cdr/bench`, token, bodies, connections }),
    secondsUntilStored(sql, records),
  ]);
  const copied = await measureCopyRate(sql);
  return { bare: records / bare, acknowledged: records / acknowledged, stored: records / stored, copied };
}
