import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram } from '@oriontel/service/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createImportReader, type ImportReaderOptions } from './create-import-reader.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'import-reader-'))));
afterAll(() => rm(folder, { recursive: true }));

let number = 0;
/** A reader whose threads run this source text. */
async function createReaderOf(source: string, options?: ImportReaderOptions) {
  const file = join(folder, `program-${(number += 1)}.mjs`);
  await writeFile(file, source);
  return createReader(file, options);
}
function createReader(file: string, options?: ImportReaderOptions) {
  const reader = createImportReader(file, options);
  onTestFinished(() => reader.close());
  return reader;
}
function task(body: Uint8Array<ArrayBuffer>) {
  return { body: [body], orgId: 1, entity: 'trunk/t-1', importId: 'import-x', now: Date.now() };
}
const encode = (text: string) => new TextEncoder().encode(text);

test('the import reader parses in a thread and takes the memory of the body', async () => {
  const reader = createReader(await bundleProgram(new URL('../read-import.main.ts', import.meta.url)));
  const logs = [{ timestamp: '2024-01-15T10:30:00Z', type: 'call', message: 'm' }];
  const body = encode(JSON.stringify({ logs, source: 'pbx' }));
  expect(await reader.read(task(body))).toMatchObject({ kind: 'read', source: 'pbx', received: 1 });
  expect(body.byteLength).toBe(0);
  await expect(reader.read(task(encode('{}')))).rejects.toMatchObject({
    code: 'bad_request',
    details: [{ field: 'logs' }],
  });
});

test('the import reader rejects with unavailable after its timeout', async () => {
  const reader = await createReaderOf(
    'export default () => new Promise(() => setInterval(() => {}, 1000));',
    {
      timeoutMs: 100,
    },
  );
  await expect(reader.read(task(encode('{}')))).rejects.toMatchObject({ code: 'unavailable' });
});

test('the import reader rejects with unavailable beyond 256 MiB of waiting bodies', async () => {
  const reader = await createReaderOf('export default () => ({ kind: "read" });');
  const body = new Uint8Array(256 * 1024 * 1024 + 1);
  await expect(reader.read(task(body))).rejects.toMatchObject({ code: 'unavailable' });
  expect(body.byteLength).toBeGreaterThan(0);
});

test('the import reader rejects with too_large if a thread runs out of memory, and recovers', async () => {
  const source = `export default function allocate({ entity }) {
    const lists = [];
    while (entity === 'trunk/t-1') lists.push(new Array(1_000_000).fill({}));
    return { kind: 'read' };
  }`;
  const reader = await createReaderOf(source, { maxHeapMib: 32 });
  await expect(reader.read(task(encode('{}')))).rejects.toMatchObject({ code: 'too_large' });
  const next = { ...task(encode('{}')), entity: 'trunk/t-2' };
  expect(await reader.read(next)).toEqual({ kind: 'read' });
});

test('the import reader rejects with the error that a thread throws', async () => {
  const reader = await createReaderOf('export default () => { throw new TypeError("a bug"); };');
  await expect(reader.read(task(encode('{}')))).rejects.toThrow('a bug');
});
