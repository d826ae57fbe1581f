import type { StoredLeg } from '../parse/read-submission.ts';

/** The first leg of each id, in the order of ids: every worker takes its row locks in the same order. */
export function uniqueInIdOrder(legs: StoredLeg[]): StoredLeg[] {
  const firstById = new Map<string, StoredLeg>();
  for (const leg of legs) if (!firstById.has(leg.id)) firstById.set(leg.id, leg);
  return [...firstById.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
