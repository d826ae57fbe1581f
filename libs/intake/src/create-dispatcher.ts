import type { Producer } from '@oriontel/queues';
import { createGroupCommit } from './create-group-commit.ts';
import type { Pointers } from './define-intake.ts';

export interface DispatchOptions {
  /** Called when the queue refuses a job: its rows stay in the intake until the sweeper dispatches them. */
  onUndispatched: (error: Error, rows: number) => void;
}

export interface Dispatcher {
  /**
   * Adds a job with the ids of committed rows, and of others that wait for a job; `bytes` is the total size
   * of their payloads.
   * Resolves when the queue has accepted or refused the job; never rejects.
   */
  send(ids: string[], bytes: number): Promise<void>;
  /** Resolves when every job sent so far is accepted or refused. */
  whenIdle(): Promise<void>;
}

/** Sends and bytes of payloads per job: a larger job delays the rows that it shares a transaction with. */
const JOB_LIMITS = { maxItems: 500, maxBytes: 512 * 1024 };

/** Jobs added concurrently. Rows committed meanwhile share the next job. */
const MAX_IN_FLIGHT = 2;

/** Adds a pointer job to the queue after a commit. */
export function createDispatcher(
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched }: DispatchOptions,
): Dispatcher {
  async function addJob(pointers: { ids: string[]; bytes: number }[]): Promise<void> {
    const ids = pointers.flatMap((pointer) => pointer.ids);
    const bytes = pointers.reduce((sum, pointer) => sum + pointer.bytes, 0);
    await producer
      .add({ ids, bytes, swept: false })
      .catch((error: Error) => onUndispatched(error, ids.length));
  }
  const jobs = createGroupCommit<{ ids: string[]; bytes: number }>({
    write: addJob,
    sizeOf: ({ bytes }) => bytes,
    maxInFlight: MAX_IN_FLIGHT,
    ...JOB_LIMITS,
  });
  return { send: (ids, bytes) => jobs.add({ ids, bytes }), whenIdle: () => jobs.whenIdle() };
}
