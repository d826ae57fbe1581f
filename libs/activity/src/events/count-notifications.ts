import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { AcceptedEvent } from './entity-event.ts';

/** How many deliveries an event has. The app passes it. */
export type CountDeliveries = (orgId: number, eventId: string) => Promise<number>;

/**
 * Waits up to `ms` milliseconds for an event to be stored, and so told of, and counts what was handed to delivery; null where
 * that took longer. One that nobody is told of waits for nothing.
 */
export function countNotifications(db: Queryable, countOf: CountDeliveries, ms: number) {
  return async function countOnceStored({
    notify,
    position,
    orgId,
    id,
  }: AcceptedEvent): Promise<number | null> {
    if (!notify) return 0;
    const isStored = async () => !(await intakeRows(db).exists(position));
    return (await awaitDrained(isStored, ms)) ? countOf(orgId, id) : null;
  };
}
