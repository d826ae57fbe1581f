import { defineIntake } from '@oriontel/intake';
import type { AuditEvent } from './audit-event.ts';

export const eventlogIntake = defineIntake<AuditEvent>('eventlog');
