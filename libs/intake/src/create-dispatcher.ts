import type { Producer } from '@oriontel/queues';
import type { Pointers } from './define-intake.ts';

export interface DispatchOptions {
  /** Told when the queue did not take a group: its rows wait for the sweeper. */
  onUndispatched: (error: Error, rows: number) => void;
}

export interface Dispatcher {
  /** One job for rows that are committed, and how large they are together. Resolves when the queue has it, or does not take it. */
  send(ids: string[], bytes: number): Promise<void>;
  /** Resolves when all that was sent is with the queue, as far as it takes it. */
  whenIdle(): Promise<void>;
}

/** Step 3 of the road: a job that carries only pointers. */
export function createDispatcher(
  producer: Pick<Producer<Pointers>, 'add'>,
  { onUndispatched }: DispatchOptions,
): Dispatcher {
  const underWay = new Set<Promise<void>>();
  return {
    send(ids, bytes) {
      const done = producer
        .add({ ids, bytes, swept: false })
        .catch((error: Error) => onUndispatched(error, ids.length))
        .finally(() => underWay.delete(done));
      underWay.add(done);
      return done;
    },
    whenIdle: async () => void (await Promise.all(underWay)),
  };
}
