import { startPoller, type Poller } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import { SWEEP_GRACE_SECONDS } from './create-intake.ts';
import type { Pointers } from './define-intake.ts';
import type { Drain } from './create-drain.ts';
import { intakeRows, type SweptRow } from './intake.repository.ts';

export interface SweptQueue {
  name: string;
  producer: Pick<Producer<Pointers>, 'add' | 'oldestWaiting'>;
  drain: Drain;
}

export interface SweepOptions {
  /**
   * Base of the time until a row is due again; it doubles with each sweep.
   * @default SWEEP_GRACE_SECONDS
   */
  graceSeconds?: number;
  onSwept: (rows: number, queue: string) => void;
  onError: (error: unknown) => void;
}

const MAX_ROWS_PER_CLAIM = 1_000;
const MAX_ROWS_PER_JOB = 100;

/** Payload bytes a worker loads at once, unless a single row is larger. */
const MAX_BYTES_PER_JOB = 8 * 1024 * 1024;

/** The clocks of the gateways and of the database differ by less. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Finds rows that stayed in the intake although their jobs are not waiting (job lost, queue down, worker
 * killed) and dispatches them again. If the queue is still unreachable, drains them in this process. Returns
 * the number of rows found.
 */
export async function sweep(db: Database, queues: SweptQueue[], options: SweepOptions): Promise<number> {
  let found = 0;
  for (const queue of queues) found += await sweepQueue(db, queue, options);
  return found;
}

/** Queues are first in, first out: a row dispatched before the oldest waiting job has no job that waits. */
async function sweepQueue(
  db: Database,
  queue: SweptQueue,
  { graceSeconds = SWEEP_GRACE_SECONDS, onSwept, onError }: SweepOptions,
): Promise<number> {
  const oldestWaiting = await queue.producer.oldestWaiting();
  const dispatchedBefore = oldestWaiting && new Date(oldestWaiting.getTime() - CLOCK_TOLERANCE_MS);
  const claim = { graceSeconds, dispatchedBefore, limit: MAX_ROWS_PER_CLAIM };
  const rows = await intakeRows(db).claimDue(queue.name, claim);
  if (!rows.length) return 0;
  onSwept(rows.length, queue.name);
  for (const ids of splitIntoJobs(rows)) await redispatch(queue, ids).catch(onError);
  return rows.length;
}

/** A row with an attempt that did not end gets a job of its own: it may have killed its worker. */
function splitIntoJobs(rows: SweptRow[]): string[][] {
  const jobs: string[][] = [];
  let bytes = 0;
  for (const row of rows.filter(({ attempts }) => attempts === 0)) {
    const last = jobs.at(-1);
    const fits = last && last.length < MAX_ROWS_PER_JOB && bytes + row.bytes <= MAX_BYTES_PER_JOB;
    if (fits) last.push(row.id);
    else jobs.push([row.id]);
    bytes = (fits ? bytes : 0) + row.bytes;
  }
  return [...jobs, ...rows.filter(({ attempts }) => attempts > 0).map(({ id }) => [id])];
}

function redispatch({ producer, drain }: SweptQueue, ids: string[]): Promise<void> {
  return producer.add({ ids, swept: true }).catch(() => drain({ ids, swept: true }));
}

/** Sweeps every `intervalMs` until stopped; `stop` waits for a running sweep. */
export function startSweeper(
  db: Database,
  queues: SweptQueue[],
  { intervalMs, ...options }: SweepOptions & { intervalMs: number },
): Pick<Poller, 'stop'> {
  return startPoller(() => sweep(db, queues, options), { intervalMs, onError: options.onError });
}
