import { randomBytes } from 'node:crypto';

const DAY_MS = 86_400_000;
const TIMED_ID = /^evt-(\d{4})(\d{2})(\d{2})-([0-9a-f]{7})[0-9a-f]{16}$/;
const DATED_ID = /^evt-(\d{4})(\d{2})(\d{2})-[A-Za-z0-9]{1,32}$/;

/**
 * `evt-20240115-` as documented, then the millisecond of the day and 64 random bits, in hexadecimal: ids sort by time, and
 * each tells its own.
 */
export function newEventId(now: Date): string {
  const day = now.toISOString().slice(0, 10).replaceAll('-', '');
  const ms = (now.getTime() % DAY_MS).toString(16).padStart(7, '0');
  return `evt-${day}-${ms}${randomBytes(8).toString('hex')}`;
}

/** When an event happened, as far as its id tells: to the millisecond, or only the day. */
export type EventIdTime = { known: 'ms'; at: Date } | { known: 'day'; from: Date; to: Date };

/** Null where it is no id of an event. */
export function eventIdTime(id: string): EventIdTime | null {
  const [, year, month, day, ms] = TIMED_ID.exec(id) ?? DATED_ID.exec(id) ?? [];
  const from = new Date(`${year}-${month}-${day}T00:00:00Z`);
  // The 31st of February is read as a day of March.
  if (Number.isNaN(from.getTime()) || from.getUTCDate() !== Number(day)) return null;
  const offset = ms === undefined ? NaN : Number.parseInt(ms, 16);
  return offset < DAY_MS
    ? { known: 'ms', at: new Date(from.getTime() + offset) }
    : { known: 'day', from, to: new Date(from.getTime() + DAY_MS) };
}
