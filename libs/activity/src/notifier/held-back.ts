/** What was not handed to delivery, and why. */
export interface HeldBack {
  orgId: number;
  reason: 'quiet hours' | 'hourly maximum' | 'too many of one event';
  /** Of how many events. */
  events: number;
}

/** What was held back for one reason, by organization. */
export const heldBack = (
  reason: HeldBack['reason'],
  what: { event: { orgId: number; id: string } }[],
): HeldBack[] => {
  const ids = new Map<number, Set<string>>();
  for (const { event } of what) ids.set(event.orgId, (ids.get(event.orgId) ?? new Set()).add(event.id));
  return [...ids].map(([orgId, { size }]) => ({ orgId, reason, events: size }));
};
