import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { copyRate } from './copy.ts';
import { post } from './load.ts';
import { newBodies } from './records.ts';
import type { BenchStack } from './stack.ts';

export interface Figures {
  /** Records a second, until the last was acknowledged. */
  acknowledged: number;
  /** Records a second, until the last was in its final table. */
  stored: number;
  /** Records a second of a bare Fastify route that parses the same bodies. */
  bare: number;
  /** Rows a second of a server-side COPY of the same rows into the same table. */
  copied: number;
}

export interface Shape {
  requests: number;
  recordsEach: number;
  connections: number;
}

const empty = async (sql: pg.Client): Promise<void> => {
  await sql.query('TRUNCATE cdrs, intake, cdr_submissions, cdr_batches, quarantine');
  await sql.query('CHECKPOINT');
};

const countStored = async (sql: pg.Client): Promise<number> => {
  const { rows } = await sql.query<{ stored: string | null }>(
    'SELECT sum(stored) AS stored FROM cdr_batches',
  );
  return Number(rows[0]!.stored ?? 0);
};

const secondsUntilStored = async (sql: pg.Client, records: number): Promise<number> => {
  const started = performance.now();
  while ((await countStored(sql)) < records) await sleep(20);
  return (performance.now() - started) / 1000;
};

/** One round: the same bodies to the bare route, down the road, and the rows they became by COPY. */
export const measureIntake = async (stack: BenchStack, shape: Shape): Promise<Figures> => {
  const { requests, recordsEach, connections } = shape;
  const { baseUrl, bareUrl, token, sql } = stack;
  const records = requests * recordsEach;
  const bodies = newBodies(requests, recordsEach);
  const bare = await post({ url: `${bareUrl}/cdr/bench`, token, bodies, connections });

  await empty(sql);
  const [acknowledged, stored] = await Promise.all([
    post({ url: `${baseUrl}/cdr/bench`, token, bodies, connections }),
    secondsUntilStored(sql, records),
  ]);
  const copied = await copyRate(sql);
  return { bare: records / bare, acknowledged: records / acknowledged, stored: records / stored, copied };
};
