import type { Queryable } from '@oriontel/database';
import { awaitDrained, intakeRows } from '@oriontel/intake';
import type { AcceptedEvent } from './entity-event.ts';

/** Counts the deliveries of an event. The app supplies it. */
export type CountDeliveries = (orgId: number, eventId: string) => Promise<number>;

/**
 * Creates a function that waits up to `timeoutMs` until a worker has stored an event, and then counts its
 * deliveries. It returns null on timeout, and 0 at once for an event without notifications.
 */
export function countNotifications(db: Queryable, countDeliveries: CountDeliveries, timeoutMs: number) {
  return async function countOnceStored(event: AcceptedEvent): Promise<number | null> {
    if (!event.notify) return 0;
    const isStored = async () => !(await intakeRows(db).exists(event.position));
    const stored = await awaitDrained(isStored, timeoutMs);
    return stored ? countDeliveries(event.orgId, event.id) : null;
  };
}
