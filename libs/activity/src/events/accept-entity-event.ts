import { fieldFailure, type EntityRef } from '@oriontel/contracts';
import type { Intake } from '@oriontel/intake';
import { formatEntityRef } from '../entities/entity.ts';
import { TOO_FAR_AHEAD_MESSAGE, isTooFarAhead } from '../is-too-far-ahead.ts';
import type { AcceptedEvent, EntityEvent } from './entity-event.ts';
import type { NewEntityEvent } from './new-entity-event.ts';
import { newEntityEvent } from './write-entity-events.ts';

export interface EventRequest {
  orgId: number;
  ref: EntityRef;
  body: NewEntityEvent;
  requestId: string;
}

/** Creates a function that commits an event to the intake. @throws Failure bad_request, unavailable */
export function acceptEntityEvent(intake: Pick<Intake<EntityEvent>, 'accept'>) {
  return async function commitEntityEvent({
    orgId,
    ref,
    body,
    requestId,
  }: EventRequest): Promise<AcceptedEvent> {
    const now = new Date();
    const at = body.timestamp ? new Date(body.timestamp) : now;
    if (isTooFarAhead(at, now.getTime())) throw fieldFailure('timestamp', TOO_FAR_AHEAD_MESSAGE);
    const { type, data, notify } = body;
    const entity = formatEntityRef(ref);
    const event = newEntityEvent({ orgId, entity, type, data, at, notify: notify ?? false }, now);
    const row = await intake.accept({ orgId, key: entity, value: event, requestId });
    return { ...event, position: row.id, acceptedAt: now };
  };
}
