import { defineIntake } from '@oriontel/intake';
import type { EntityEvent } from './entity-event.ts';

/** The key of a row is its entity, type/id, so that reads of an entity include its pending events. */
export const entityEventsIntake = defineIntake<EntityEvent>('entity-events');
