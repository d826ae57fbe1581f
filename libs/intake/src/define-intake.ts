import { defineQueue, type QueueDefinition } from '@oriontel/queues';
import { z } from 'zod';

/** Payload of a job: ids of intake rows, never their data. */
export const Pointers = z.object({
  ids: z.array(z.uuid()).min(1),
  /** Total size of the payloads if known; limits how many jobs are drained together. */
  bytes: z.int().optional(),
  /** Set by the sweeper: the rows were dispatched before and are still in the intake. */
  swept: z.boolean().default(false),
});
export type Pointers = z.output<typeof Pointers>;

/** A kind of accepted value `T` (plain JSON) and the queue that carries its pointers. */
export interface IntakeDefinition<T> {
  queue: QueueDefinition<Pointers>;
  /** Exists only in the type: carries `T`. */
  readonly value?: T;
}

/** `name` is the queue name and the value of `intake.queue`. */
export function defineIntake<T>(name: string): IntakeDefinition<T> {
  return {
    queue: defineQueue({ name, payload: Pointers, attempts: 5, backoffMs: 500 }),
  };
}
