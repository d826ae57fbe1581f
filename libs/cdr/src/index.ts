export { CallRecord, Disposition, type CallLeg } from './call-record.ts';
export { cdrIntake, type CdrPayload } from './cdr-intake.ts';
export { findFinishedLeg } from './find-finished-leg.ts';
export { munchQueue } from './tasks/munch-queue.ts';
export { PlatformBatch } from './platform/platform-batch.ts';
export { PlatformRecord } from './platform/platform-record.ts';
