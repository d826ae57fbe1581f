import { refuseField, type EntityRef } from '@oriontel/contracts';
import type { Intake } from '@oriontel/intake';
import { nameOfEntity } from '../entities/entity.ts';
import { AHEAD, isAhead } from '../is-ahead.ts';
import type { AcceptedEvent, EntityEvent } from './entity-event.ts';
import type { NewEntityEvent } from './new-entity-event.ts';
import { newEntityEvent } from './write-entity-events.ts';

export interface EventRequest {
  orgId: number;
  ref: EntityRef;
  body: NewEntityEvent;
  requestId: string;
}

/** Commits the event to the intake. @throws Failure bad_request, unavailable */
export const acceptEntityEvent =
  (intake: Pick<Intake<EntityEvent>, 'accept'>) =>
  async ({ orgId, ref, body, requestId }: EventRequest): Promise<AcceptedEvent> => {
    const now = new Date();
    const at = body.timestamp ? new Date(body.timestamp) : now;
    if (isAhead(at, now.getTime())) throw refuseField('timestamp', AHEAD);
    const { type, data, notify } = body;
    const entity = nameOfEntity(ref);
    const event = newEntityEvent({ orgId, entity, type, data, at, notify: notify ?? false }, now);
    const row = await intake.accept({ orgId, key: entity, value: event, requestId });
    return { ...event, position: row.id, acceptedAt: now };
  };
