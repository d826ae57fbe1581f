import { expect, test } from 'vitest';
import { readCursor, writeCursor } from './cursor.ts';

const id = '018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8d';
const encode = (text: string) => Buffer.from(text).toString('base64url');

test.each([0, 1_705_314_600_000, 253_370_764_800_000])(
  'readCursor reads what writeCursor wrote: %d',
  (ms) => {
    const cursor = { time: new Date(ms), id };
    expect(readCursor(writeCursor(cursor))).toEqual(cursor);
  },
);

test.each([
  '',
  'nonsense',
  '%00',
  encode('1.2'),
  encode(`x.${id}`),
  encode(`1.${id}'; DROP TABLE cdrs; --`),
  encode(`999999999999999.${id}`),
  encode(`-1.${id}`),
  encode(`1e3.${id}`),
  encode(`1.${id.toUpperCase()}`),
])('readCursor throws bad_request for %j', (text) => {
  expect(() => readCursor(text)).toThrow(expect.objectContaining({ code: 'bad_request' }) as Error);
});
