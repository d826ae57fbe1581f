import type { Measurement } from './gateway-result.ts';
import { nextState, unknownState, type GatewayState, type Thresholds } from './next-state.ts';

/** A result that is stored, with the id that tells when it was accepted. */
export type StoredResult = Measurement & { id: string };

/** Results that are looked at again: more than any threshold asks for in a row, up and down. */
export const RECOUNT_LIMIT = 250;

const COUNTS = [
  'consecutiveSuccesses',
  'consecutiveFailures',
  'consecutiveUps',
  'consecutiveTroubles',
] as const;

/**
 * The state as it would be, had each result been stored when it was accepted: workers that share the work may store the later of
 * two first. `newest`: the RECOUNTED newest results, or all where there are fewer; `added`: the ids of those that `state` does not
 * count yet. A count of more in a row than are looked at may be a little off, as may the jitter.
 */
export function recount(
  state: GatewayState,
  newest: StoredResult[],
  added: Set<string>,
  thresholds: Thresholds,
): GatewayState {
  const isAll = newest.length < RECOUNT_LIMIT;
  // What was before them is as the state says, as long as nothing in them says otherwise.
  const { status, jitterMs } = state;
  let counted: GatewayState = isAll ? unknownState : { ...unknownState, status, jitterMs };
  const moving = newest
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .filter((result) => {
      const before = counted;
      counted = nextState(before, result, thresholds);
      return counted !== before;
    });
  if (isAll) return counted;
  const more = moving.filter(({ id }) => added.has(id)).length;
  const longer = COUNTS.filter((count) => counted[count] === moving.length);
  const counts = Object.fromEntries(longer.map((count) => [count, state[count] + more]));
  return { ...counted, since: counted.since ?? state.since, ...counts };
}
