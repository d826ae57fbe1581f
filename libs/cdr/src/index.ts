export type { BatchReader } from './ingest/accept-batch.ts';
export { CallRecord } from './calls/call-record.ts';
export { Disposition, type CallLeg } from './parse/call-leg.ts';
export { cdrIntake, type CdrPayload } from './parse/cdr-intake.ts';
export { findFinishedLeg } from './calls/find-finished-leg.ts';
export { cdrTaskQueue } from './tasks/cdr-task-queue.ts';
export { PlatformBatch } from './parse/platform/platform-batch.ts';
export { PlatformRecord } from './parse/platform/platform-record.ts';
