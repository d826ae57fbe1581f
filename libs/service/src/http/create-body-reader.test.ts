import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createBodyReader, type BodyReaderOptions, type BodyTask } from './create-body-reader.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'body-reader-'))));
afterAll(() => rm(folder, { recursive: true }));

let number = 0;
/** A reader whose threads run this source text. */
async function createReaderOf(source: string, options?: BodyReaderOptions) {
  const file = join(folder, `program-${(number += 1)}.mjs`);
  await writeFile(file, source);
  return createReader(file, options);
}
function createReader(file: string, options?: BodyReaderOptions) {
  const reader = createBodyReader<BodyTask & { name: string }, { kind: string }>(file, options);
  onTestFinished(() => reader.close());
  return reader;
}
function task(body: Uint8Array<ArrayBuffer>, name = 'large') {
  return { body: [body], name };
}
const encode = (text: string) => new TextEncoder().encode(text);

test('a body reader runs its program in a thread and takes the memory of the body', async () => {
  const reader = await createReaderOf(`export default ({ body: [block], name }) =>
    name === 'bad'
      ? { kind: 'refused', code: 'bad_request', message: 'no', details: [{ field: 'logs', message: 'no' }] }
      : { kind: 'read', bytes: block.length };`);
  const body = encode('{"logs":[]}');
  expect(await reader.read(task(body))).toEqual({ kind: 'read', bytes: 11 });
  expect(body.byteLength).toBe(0);
  await expect(reader.read(task(encode('{}'), 'bad'))).rejects.toMatchObject({
    code: 'bad_request',
    details: [{ field: 'logs' }],
  });
});

test('a body reader rejects with unavailable after its timeout', async () => {
  const reader = await createReaderOf(
    'export default () => new Promise(() => setInterval(() => {}, 1000));',
    {
      timeoutMs: 100,
    },
  );
  await expect(reader.read(task(encode('{}')))).rejects.toMatchObject({ code: 'unavailable' });
});

test('a body reader rejects with unavailable beyond 256 MiB of waiting bodies', async () => {
  const reader = await createReaderOf('export default () => ({ kind: "read" });');
  const body = new Uint8Array(256 * 1024 * 1024 + 1);
  await expect(reader.read(task(body))).rejects.toMatchObject({ code: 'unavailable' });
  expect(body.byteLength).toBeGreaterThan(0);
});

test('a body reader rejects with too_large if a thread runs out of memory, and recovers', async () => {
  const source = `export default function allocate({ name }) {
    const lists = [];
    while (name === 'large') lists.push(new Array(1_000_000).fill({}));
    return { kind: 'read' };
  }`;
  const reader = await createReaderOf(source, { maxHeapMib: 32 });
  await expect(reader.read(task(encode('{}')))).rejects.toMatchObject({ code: 'too_large' });
  const next = task(encode('{}'), 'small');
  expect(await reader.read(next)).toEqual({ kind: 'read' });
});

test('a body reader rejects with the error that a thread throws', async () => {
  const reader = await createReaderOf('export default () => { throw new TypeError("a bug"); };');
  await expect(reader.read(task(encode('{}')))).rejects.toThrow('a bug');
});
