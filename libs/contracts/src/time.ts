/** ISO 8601 in UTC as the documents write it: milliseconds only where there are any. */
export const isoTime = (time: Date): string => time.toISOString().replace('.000Z', 'Z');

export const isoTimeOrNull = (time: Date | null): string | null => time && isoTime(time);

/** `20240115-103600`, the stamp inside references. */
export const compactStamp = (time: Date): string =>
  time.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '').replace('T', '-');
