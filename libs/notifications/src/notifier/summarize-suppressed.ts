/** What was not handed to delivery, and why. */
export interface SuppressedNotifications {
  orgId: number;
  reason: 'quiet hours' | 'hourly maximum' | 'too many of one event';
  /** Of how many events. */
  events: number;
}

/** What was held back for one reason, by organization. */
export function summarizeSuppressed(
  reason: SuppressedNotifications['reason'],
  what: { event: { orgId: number; id: string } }[],
): SuppressedNotifications[] {
  const ids = new Map<number, Set<string>>();
  for (const { event } of what) ids.set(event.orgId, (ids.get(event.orgId) ?? new Set()).add(event.id));
  return [...ids].map(([orgId, { size }]) => ({ orgId, reason, events: size }));
}
