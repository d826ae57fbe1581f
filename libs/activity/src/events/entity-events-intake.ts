import { defineIntake } from '@oriontel/intake';
import type { EntityEvent } from './entity-event.ts';

/** Each waits under its entity, type/id: whoever reads that entity's events finds it. */
export const entityEventsIntake = defineIntake<EntityEvent>('entity-events');
