import { Failure } from './failure.ts';

/** A place in a list sorted by time and id, opaque to clients. */
export interface Cursor {
  time: Date;
  id: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function writeCursor({ time, id }: Cursor): string {
  return Buffer.from(`${time.getTime()}.${id}`).toString('base64url');
}

/** Later ones PostgreSQL may not read. */
const MAX_TIME = new Date('9999-12-31T23:59:59.999Z');

/** @throws Failure bad_request where it is not one that writeCursor made. */
export function readCursor(text: string): Cursor {
  const [ms, id] = Buffer.from(text, 'base64url').toString().split('.');
  const time = new Date(/^\d{1,15}$/.test(ms ?? '') ? Number(ms) : NaN);
  // Written so that an invalid date is refused too.
  if (!id || !UUID.test(id) || !(time <= MAX_TIME)) {
    throw new Failure('bad_request', 'cursor is not one that this API gave out.', {
      details: [{ field: 'cursor', message: 'take it from next_cursor of the previous page' }],
    });
  }
  return { time, id };
}
