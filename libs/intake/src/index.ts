export { createIntake, SWEEP_GRACE_SECONDS, type IntakeItem, type Intake } from './create-intake.ts';
export { createPartsIntake, type AcceptedParts, type PartsIntake } from './create-parts-intake.ts';
export { afterCommit } from './after-commit.ts';
export { awaitDrained } from './await-drained.ts';
export { backlog, type BacklogFilter, type BacklogRow } from './backlog.repository.ts';
export { defineIntake, type IntakeDefinition, type Pointers } from './define-intake.ts';
export {
  MAX_ATTEMPTS,
  createDrain,
  type Drain,
  type DrainResult,
  type DrainOptions,
  type StoreRows,
} from './create-drain.ts';
export {
  intakeRows,
  isPendingBefore,
  pendingPayloads,
  type IntakeRow,
  type NewQuarantineItem,
} from './intake.repository.ts';
export { quarantine, type QuarantineEntry, type QuarantineItem } from './quarantine.repository.ts';
export { mergeDrains } from './merge-drains.ts';
export { redrive } from './redrive.ts';
export { serveIntakes, type ServedIntake, type ServeOptions, type RunningIntakes } from './serve-intakes.ts';
export { startSweeper, sweep, type SweptQueue } from './sweep.ts';
export { IntakeConfig } from './intake-config.ts';
