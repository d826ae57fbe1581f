import type { LegKey } from './bulk-leg.repository.ts';
import type { Position } from './cdr-task.ts';

/** The position after a leg. */
export function positionAfter(phase: string, { id, startTime }: { id: string; startTime: Date }): Position {
  return { phase, time: startTime.toISOString(), id };
}

/** The leg before a position; null at the start of a phase. */
export function keyOf({ time, id }: Position): LegKey | null {
  return time && id ? { time: new Date(time), id } : null;
}
