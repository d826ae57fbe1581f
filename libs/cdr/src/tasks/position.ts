import type { Position } from './munch-task.ts';
import type { LegKey } from './munched-leg.repository.ts';

/** Beyond a leg. */
export const positionOf = (phase: string, { id, startTime }: { id: string; startTime: Date }): Position => ({
  phase,
  time: startTime.toISOString(),
  id,
});

/** The leg that a position is beyond; null at the beginning of its phase. */
export const keyOf = ({ time, id }: Position): LegKey | null =>
  time && id ? { time: new Date(time), id } : null;
