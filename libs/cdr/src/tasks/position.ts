import type { Position } from './cdr-task.ts';
import type { LegKey } from './bulk-leg.repository.ts';

/** Beyond a leg. */
export function positionAfter(phase: string, { id, startTime }: { id: string; startTime: Date }): Position {
  return {
    phase,
    time: startTime.toISOString(),
    id,
  };
}

/** The leg that a position is beyond; null at the beginning of its phase. */
export function keyOf({ time, id }: Position): LegKey | null {
  return time && id ? { time: new Date(time), id } : null;
}
