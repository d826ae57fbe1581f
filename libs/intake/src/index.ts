export { openIntake, GRACE, type Acceptance, type Intake } from './accept.ts';
export { openPartsIntake, type AcceptedParts, type PartsIntake } from './accept-parts.ts';
export { awaitDrained } from './await-drained.ts';
export { backlog, type BacklogFilter, type BacklogRow } from './backlog.repository.ts';
export { defineIntake, type IntakeKind, type Pointers } from './define-intake.ts';
export { MAX_TRIES, openDrain, type Drain, type Drained, type DrainOptions, type Store } from './drain.ts';
export {
  intakeRows,
  isPendingBefore,
  pendingPayloads,
  type IntakeRow,
  type NewQuarantineItem,
} from './intake.repository.ts';
export { quarantine, type QuarantineItem } from './quarantine.repository.ts';
export { mergeDrains } from './merge-drains.ts';
export { redrive } from './redrive.ts';
export { runWorker } from './run-worker.ts';
export { serveIntakes, type ServedIntake, type ServeOptions, type Serving } from './serve-intakes.ts';
export { keepSweeping, sweep, type SweptQueue } from './sweep.ts';
export { IntakeConfig } from './intake-config.ts';
