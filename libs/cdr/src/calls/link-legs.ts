import type { StoredLeg } from '../parse/read-submission.ts';

/** The start times of two linked legs differ by less; it limits the partitions that linking reads. */
export const LINK_WINDOW_MS = 86_400_000;

/** Sets the link back in legs without one that another leg of the batch names; the first of several wins. */
export function linkLegs(legs: StoredLeg[]): void {
  const naming = new Map<string, StoredLeg>();
  for (const leg of legs) {
    if (leg.linkedCallId === null) continue;
    const key = keyOf(leg.orgId, leg.linkedCallId);
    if (!naming.has(key)) naming.set(key, leg);
  }
  if (!naming.size) return;
  // Evaluated before any link is set: a leg that is linked here names nobody.
  const links = legs.map((leg) =>
    leg.linkedCallId === null ? naming.get(keyOf(leg.orgId, leg.callId)) : undefined,
  );
  links.forEach((linking, index) => {
    const leg = legs[index]!;
    if (linking && isWithinWindow(linking, leg)) leg.linkedCallId = linking.callId;
  });
}

function keyOf(orgId: number, callId: string): string {
  return `${orgId}/${callId}`;
}

function isWithinWindow(a: StoredLeg, b: StoredLeg): boolean {
  return Math.abs(a.startTime.getTime() - b.startTime.getTime()) <= LINK_WINDOW_MS;
}
