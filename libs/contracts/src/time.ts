/** ISO 8601 in UTC as the documents write it: milliseconds only where there are any. */
export function isoTime(time: Date): string {
  return time.toISOString().replace('.000Z', 'Z');
}

export function isoTimeOrNull(time: Date | null): string | null {
  return time && isoTime(time);
}

/** `20240115-103600`, the stamp inside references. */
export function compactStamp(time: Date): string {
  return time.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '-');
}
