import type { Measurement } from './gateway-result.ts';
import { nextState, unknownState, type GatewayState, type Thresholds } from './next-state.ts';

/** A stored result; ids sort by the time of acceptance. */
export type StoredResult = Measurement & { id: string };

/** A recount reads this many results: more than both thresholds together. */
export const RECOUNT_LIMIT = 250;

const COUNTS = [
  'consecutiveSuccesses',
  'consecutiveFailures',
  'consecutiveUps',
  'consecutiveTroubles',
] as const;

/**
 * The state as if each result had been stored in the order of acceptance: parallel workers may store the
 * later of two first. `newest`: the newest RECOUNT_LIMIT results, or all if there are fewer; `addedIds`:
 * those that `state` does not count yet. Counts beyond RECOUNT_LIMIT, and the jitter, are approximate.
 */
export function recount(
  state: GatewayState,
  newest: StoredResult[],
  addedIds: Set<string>,
  thresholds: Thresholds,
): GatewayState {
  const isAll = newest.length < RECOUNT_LIMIT;
  // Older results are taken from the state, unless the newest ones contradict it.
  const { status, jitterMs } = state;
  let counted: GatewayState = isAll ? unknownState : { ...unknownState, status, jitterMs };
  const applied = newest
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .filter((result) => {
      const before = counted;
      counted = nextState(before, result, thresholds);
      return counted !== before;
    });
  if (isAll) return counted;
  const added = applied.filter(({ id }) => addedIds.has(id)).length;
  const longer = COUNTS.filter((count) => counted[count] === applied.length);
  const counts = Object.fromEntries(longer.map((count) => [count, state[count] + added]));
  return { ...counted, since: counted.since ?? state.since, ...counts };
}
