export { type AuditEvent, type DatedEvent } from './events/audit-event.ts';
export { eventlogIntake } from './events/eventlog-intake.ts';
export { type NameSources } from './events/load-names.ts';
export { seedEvents } from './events/seed-events.ts';
