import { newEventId } from '@oriontel/contracts';
import type { DatedEvent } from './audit-event.ts';

/** A stored event with an id that tells its time. */
export function buildEvent({ createdAt = new Date(), ...more }: Partial<DatedEvent> = {}): DatedEvent {
  return {
    id: newEventId(createdAt),
    orgId: 1,
    createdAt,
    eventType: 'config_change',
    severity: 'info',
    actorType: 'system',
    actorId: null,
    resourceType: null,
    resourceId: null,
    description: 'Updated outbound dialing rules',
    metadata: null,
    ipAddress: null,
    userAgent: null,
    ...more,
  };
}
