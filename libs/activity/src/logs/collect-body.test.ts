import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { collectBody } from './collect-body.ts';

const MIB = 1024 * 1024;

test('collectBody returns the bytes in blocks of 1 MiB, whatever the chunk sizes', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  const body = Buffer.concat(Array.from({ length: (2.5 * MIB) / 256 }, () => bytes));
  const chunks = [body.subarray(0, 10), body.subarray(10, MIB + 20), body.subarray(MIB + 20)];
  const blocks = await collectBody(Readable.from(chunks), 4 * MIB);
  expect(blocks.map(({ byteLength }) => byteLength)).toEqual([MIB, MIB, MIB / 2]);
  expect(Buffer.concat(blocks).equals(body)).toBe(true);
});

test('collectBody returns no blocks for an empty body', async () => {
  expect(await collectBody(Readable.from([]), MIB)).toEqual([]);
});

test('collectBody rejects a larger body with too_large and discards the rest', async () => {
  const stream = new PassThrough();
  const collected = collectBody(stream, 10);
  stream.write('12345678901');
  await expect(collected).rejects.toMatchObject({ code: 'too_large' });
  for (let chunk = 0; chunk < 10; chunk += 1) stream.write(Buffer.alloc(MIB));
  await new Promise<void>((resolve) => stream.end(resolve));
  expect(stream.readableLength).toBe(0);
});

test('collectBody rejects with bad_request if the connection closes early', async () => {
  const stream = new PassThrough();
  const collected = collectBody(stream, 10);
  stream.write('123');
  stream.destroy();
  await expect(collected).rejects.toMatchObject({ code: 'bad_request' });
});

test('collectBody rejects with the error of the stream', async () => {
  const stream = new PassThrough();
  const collected = collectBody(stream, 10);
  stream.destroy(new Error('connection reset'));
  await expect(collected).rejects.toThrow('connection reset');
});
