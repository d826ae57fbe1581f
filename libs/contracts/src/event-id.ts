import { randomBytes } from 'node:crypto';

const DAY_MS = 86_400_000;
const TIMED_ID = /^evt-(\d{4})(\d{2})(\d{2})-([0-9a-f]{7})[0-9a-f]{16}$/;
const DATED_ID = /^evt-(\d{4})(\d{2})(\d{2})-[A-Za-z0-9]{1,32}$/;

/**
 * Creates an id: `evt-20240115-` as documented, then the millisecond of the day and 64 random bits in
 * hexadecimal. Ids sort by time, and `eventIdTime` reads the time back.
 */
export function newEventId(now: Date): string {
  const day = now.toISOString().slice(0, 10).replaceAll('-', '');
  const ms = (now.getTime() % DAY_MS).toString(16).padStart(7, '0');
  return `evt-${day}-${ms}${randomBytes(8).toString('hex')}`;
}

/** The time encoded in an event id, to the millisecond or only to the day. */
export type EventIdTime = { known: 'ms'; at: Date } | { known: 'day'; from: Date; to: Date };

/** Returns null if `id` is not an event id. */
export function eventIdTime(id: string): EventIdTime | null {
  const [, year, month, day, ms] = TIMED_ID.exec(id) ?? DATED_ID.exec(id) ?? [];
  const from = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // Date parses February 31 as a day in March.
  if (Number.isNaN(from.getTime()) || from.getUTCDate() !== Number(day)) return null;
  const offset = ms === undefined ? NaN : Number.parseInt(ms, 16);
  return offset < DAY_MS
    ? { known: 'ms', at: new Date(from.getTime() + offset) }
    : { known: 'day', from, to: new Date(from.getTime() + DAY_MS) };
}
