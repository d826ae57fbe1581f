import { defineQueue, type QueueDefinition } from '@oriontel/queues';
import { z } from 'zod';

/** What a job carries: the ids of intake rows, never their data. */
export const Pointers = z.object({
  ids: z.array(z.uuid()).min(1),
  /** Of their payloads, where it is known: how many jobs may be drained together. */
  bytes: z.int().optional(),
  /** Set by the sweeper: these rows were dispatched before and are still here. */
  swept: z.boolean().default(false),
});
export type Pointers = z.output<typeof Pointers>;

/** A kind of accepted value `T` (plain JSON) and the queue that brings it to its worker. */
export interface IntakeDefinition<T> {
  queue: QueueDefinition<Pointers>;
  /** Only carries the type. */
  readonly value?: T;
}

export function defineIntake<T>(name: string): IntakeDefinition<T> {
  return {
    queue: defineQueue({ name, payload: Pointers, attempts: 5, backoffMs: 500 }),
  };
}
