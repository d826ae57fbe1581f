export const MAX_WAIT_SECONDS = 30;

/** The seconds of `Prefer: wait=N` (RFC 7240, 4.3), at most 30; null without that preference. */
export function preferredWait(prefer: string | string[] | undefined): number | null {
  const [, seconds] = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec([prefer].flat().join(',')) ?? [];
  return seconds === undefined ? null : Math.min(Number(seconds), MAX_WAIT_SECONDS);
}
