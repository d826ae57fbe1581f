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
  /** Seconds; see GRACE. */
  graceSeconds?: number;
  onSwept: (rows: number, queue: string) => void;
  onError: (error: unknown) => void;
}

const MAX_ROWS_PER_SWEEP = 1_000;
const MAX_ROWS_PER_JOB = 100;
/** What a worker has to hold at once, unless one row alone is larger. */
const MAX_BYTES_PER_JOB = 8 * 1024 * 1024;

/**
 * Finds the rows that stayed in the intake (their job was lost, its queue was down, its worker was killed) and
 * dispatches them again. Where the queue is still out of reach the rows are drained right here.
 * Returns how many rows it found.
 */
export async function sweep(db: Database, queues: SweptQueue[], options: SweepOptions): Promise<number> {
  const names = queues.map(({ name }) => name);
  const rows = await intakeRows(db).claimDue(
    names,
    options.graceSeconds ?? SWEEP_GRACE_SECONDS,
    MAX_ROWS_PER_SWEEP,
  );
  for (const queue of queues) {
    const own = rows.filter((row) => row.queue === queue.name);
    if (!own.length) continue;
    options.onSwept(own.length, queue.name);
    for (const ids of splitIntoJobs(own)) await redispatch(queue, ids).catch(options.onError);
  }
  return rows.length;
}

/** Rows that were swept before go one to a job: whichever of them kills its worker shall take no others along. */
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

/** Sweeps every few seconds until stopped; `stop` waits for the sweep under way. */
export function startSweeper(
  db: Database,
  queues: SweptQueue[],
  { interval, ...options }: SweepOptions & { /** Milliseconds. */ interval: number },
): Pick<Poller, 'stop'> {
  return startPoller(() => sweep(db, queues, options), { intervalMs: interval, onError: options.onError });
}
