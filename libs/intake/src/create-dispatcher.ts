import type { Producer } from '@oriontel/queues';
import type { Pointers } from './define-intake.ts';

export interface DispatchOptions {
  /** Called when the queue refuses a job: its rows stay in the intake until the sweeper dispatches them. */
  onUndispatched: (error: Error, rows: number) => void;
}

export interface Dispatcher {
  /**
   * Adds one job with the ids of committed rows; `bytes` is the total size of their payloads.
   * Resolves when the queue has accepted or refused the job; never rejects.
   */
  send(ids: string[], bytes: number): Promise<void>;
  /** Resolves when every job sent so far is accepted or refused. */
  whenIdle(): Promise<void>;
}

/** Adds a pointer job to the queue after a commit. */
export function createDispatcher(
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched }: DispatchOptions,
): Dispatcher {
  const inFlight = new Set<Promise<void>>();
  return {
    send(ids, bytes) {
      const done = producer
        .add({ ids, bytes, swept: false })
        .catch((error: Error) => onUndispatched(error, ids.length))
        .finally(() => inFlight.delete(done));
      inFlight.add(done);
      return done;
    },
    whenIdle: async () => void (await Promise.all(inFlight)),
  };
}
