export { type AuditEvent, type DatedEvent } from './audit-event.ts';
export { eventlogIntake } from './eventlog-intake.ts';
export { type NameSources } from './names.ts';
export { seedEvents } from './seed-events.ts';
