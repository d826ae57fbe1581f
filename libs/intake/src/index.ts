export { openIntake, GRACE, type Acceptance, type Intake } from './accept.ts';
export { awaitDrained } from './await-drained.ts';
export { defineIntake, type IntakeKind, type Pointers } from './define-intake.ts';
export { MAX_TRIES, openDrain, type Drain, type Drained, type Store } from './drain.ts';
export { intakeRows, type IntakeRow, type NewQuarantineItem } from './intake.repository.ts';
export { quarantine, type QuarantineItem } from './quarantine.repository.ts';
export { mergeDrains } from './merge-drains.ts';
export { redrive } from './redrive.ts';
export { keepSweeping, sweep, type SweptQueue } from './sweep.ts';
