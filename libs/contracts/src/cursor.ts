import { Failure } from './failure.ts';

/** A position in a list sorted by time and id; opaque to clients. */
export interface Cursor {
  time: Date;
  id: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function writeCursor({ time, id }: Cursor): string {
  return Buffer.from(`${time.getTime()}.${id}`).toString('base64url');
}

/** The latest time accepted from a cursor. */
const MAX_TIME = new Date('9999-12-31T23:59:59.999Z');

/** @throws Failure bad_request if `text` was not created by writeCursor. */
export function readCursor(text: string): Cursor {
  const [ms, id] = Buffer.from(text, 'base64url').toString().split('.');
  const time = new Date(/^\d{1,15}$/.test(ms ?? '') ? Number(ms) : NaN);
  // Not `time > MAX_TIME`: an invalid date must be rejected too.
  if (!id || !UUID.test(id) || !(time <= MAX_TIME)) {
    throw new Failure('bad_request', 'cursor is not valid.', {
      details: [{ field: 'cursor', message: 'use next_cursor of the previous page' }],
    });
  }
  return { time, id };
}
