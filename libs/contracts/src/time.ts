/** ISO 8601 in UTC; milliseconds are omitted if 0, as in the API documents. */
export function isoTime(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z');
}

export function isoTimeOrNull(time: Date | null): string | null {
  return time && isoTime(time);
}

/** UTC time as `20240115-103600`, used in references. */
export function compactStamp(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '-');
}
