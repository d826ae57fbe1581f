/** Notifications that were not created, and why. */
export interface SuppressedNotifications {
  orgId: number;
  reason: 'quiet hours' | 'hourly maximum' | 'too many of one event';
  /** Number of events concerned. */
  events: number;
}

/** Counts the events of suppressed notifications by organization. */
export function summarizeSuppressed(
  reason: SuppressedNotifications['reason'],
  suppressed: { event: { orgId: number; id: string } }[],
): SuppressedNotifications[] {
  const ids = new Map<number, Set<string>>();
  for (const { event } of suppressed) ids.set(event.orgId, (ids.get(event.orgId) ?? new Set()).add(event.id));
  return [...ids].map(([orgId, { size }]) => ({ orgId, reason, events: size }));
}
