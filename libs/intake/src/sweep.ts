import { startPoller, type Poller } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Producer } from '@oriontel/queues';
import { SWEEP_GRACE_SECONDS } from './create-intake.ts';
import type { Pointers } from './define-intake.ts';
import type { Drain } from './create-drain.ts';
import { intakeRows, type SweptRow } from './intake.repository.ts';

export interface SweptQueue {
  name: string;
  producer: Pick<Producer<Pointers>, 'add'>;
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

const MAX_ROWS_PER_SWEEP = 1_000;
const MAX_ROWS_PER_JOB = 100;

/** Payload bytes a worker loads at once, unless a single row is larger. */
const MAX_BYTES_PER_JOB = 8 * 1024 * 1024;

/**
 * Finds rows that stayed in the intake (job lost, queue down, worker killed) and dispatches them again. If
 * the queue is still unreachable, drains them in this process. Returns the number of rows found.
 */
export async function sweep(db: Database, queues: SweptQueue[], options: SweepOptions): Promise<number> {
  const names = queues.map(({ name }) => name);
  const graceSeconds = options.graceSeconds ?? SWEEP_GRACE_SECONDS;
  const rows = await intakeRows(db).claimDue(names, graceSeconds, MAX_ROWS_PER_SWEEP);
  for (const queue of queues) {
    const own = rows.filter((row) => row.queue === queue.name);
    if (!own.length) continue;
    options.onSwept(own.length, queue.name);
    for (const ids of splitIntoJobs(own)) await redispatch(queue, ids).catch(options.onError);
  }
  return rows.length;
}

/** Rows that were swept before get a job each: a row that kills its worker must not take others with it. */
function splitIntoJobs(rows: SweptRow[]): string[][] {
  const jobs: string[][] = [];
  let bytes = 0;
  for (const row of rows.filter(({ sweeps }) => sweeps <= 1)) {
    const last = jobs.at(-1);
    const fits = last && last.length < MAX_ROWS_PER_JOB && bytes + row.bytes <= MAX_BYTES_PER_JOB;
    if (fits) last.push(row.id);
    else jobs.push([row.id]);
    bytes = (fits ? bytes : 0) + row.bytes;
  }
  return [...jobs, ...rows.filter(({ sweeps }) => sweeps > 1).map(({ id }) => [id])];
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
