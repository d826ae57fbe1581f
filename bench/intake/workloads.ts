import type pg from 'pg';
import {
  createBatchBodies,
  createEventBodies,
  createFreeswitchBodies,
  type BodyOptions,
} from './create-bodies.ts';
import { FIRST_BENCH_ORG_ID } from './organizations.ts';
import type { Body } from '../send-bodies.ts';

const BATCH_RECORDS = 1_000;

export interface Workload {
  name: string;
  requests: number;
  connections: number;
  createBodies: (options: BodyOptions) => Body[];
  /** CDRs or events that the worker has finished with: stored, or found to be repeats. */
  countFinished: (sql: pg.Client) => Promise<number>;
  /** What it is compared with besides the bare Fastify route. */
  baseline: 'COPY' | 'naive peer' | null;
}

async function countCdrs(sql: pg.Client): Promise<number> {
  const { rows } = await sql.query<{ count: string | null }>(
    'SELECT sum(received) AS count FROM cdr_batches',
  );
  return Number(rows[0]!.count ?? 0);
}

async function countEvents(sql: pg.Client): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    'SELECT count(*) AS count FROM audit_events WHERE org_id >= $1',
    [FIRST_BENCH_ORG_ID],
  );
  return Number(rows[0]!.count);
}

/** `scale` multiplies the number of requests. */
export function createWorkloads(scale: number): Workload[] {
  const scaled = (requests: number): number => Math.max(1, Math.round(requests * scale));
  return [
    {
      name: 'batches of 1,000 CDRs',
      requests: scaled(100),
      connections: 8,
      createBodies: (options) => createBatchBodies(options, BATCH_RECORDS),
      countFinished: countCdrs,
      baseline: 'COPY',
    },
    {
      name: 'single CDRs',
      requests: scaled(10_000),
      connections: 64,
      createBodies: (options) => createBatchBodies(options, 1),
      countFinished: countCdrs,
      baseline: 'naive peer',
    },
    {
      name: 'mod_json_cdr documents of 8 KB',
      requests: scaled(10_000),
      connections: 64,
      createBodies: createFreeswitchBodies,
      countFinished: countCdrs,
      baseline: null,
    },
    {
      name: 'single audit events',
      requests: scaled(10_000),
      connections: 64,
      createBodies: createEventBodies,
      countFinished: countEvents,
      baseline: 'naive peer',
    },
  ];
}
