import { createBodyReader } from '@oriontel/service';
import { bundleProgram } from '@oriontel/service/testing';
import { expect, onTestFinished, test } from 'vitest';
import { buildRecord } from './fixtures/build-record.ts';
import type { BatchReader } from './ingest/accept-batch.ts';
import { prepareBatch, type BatchTask } from './ingest/prepare-batch.ts';

function createTask(text: string, more: Partial<BatchTask> = {}): BatchTask {
  return {
    body: [new TextEncoder().encode(text)],
    batchId: 'batch-1',
    sgapiReference: 'sgapi-1',
    contentType: 'application/json',
    userAgent: null,
    uuid: null,
    ...more,
  };
}

test('a thread prepares the same batch as prepareBatch, and returns failures', async () => {
  const program = await bundleProgram(new URL('./read-batch.main.ts', import.meta.url));
  const reader: BatchReader = createBodyReader(program);
  onTestFinished(() => reader.close());
  const record = buildRecord();
  const text = JSON.stringify({ records: [record, record, { call_id: 'x' }], partial: true, org_id: 7 });
  const prepared = prepareBatch(createTask(text));
  expect(prepared).toMatchObject({ orgId: 7, processed: 2, duplicatesInBatch: 1, quarantined: 1 });
  expect(await reader.read(createTask(text))).toEqual(prepared);
  await expect(reader.read(createTask('{"records":[{}]}'))).rejects.toMatchObject({
    code: 'bad_request',
    details: expect.arrayContaining([expect.objectContaining({ field: 'records[0].call_id' })]) as unknown,
  });
});

test.each([
  ['10,000,000 records', `{"records":[${'{},'.repeat(10_000_000)}{}]}`, /more than 1000000 values/],
  ['32 MiB of brackets', `{"records":${'['.repeat(32 * 1024 * 1024)}`, /100 levels/],
  [
    'a record of more than 1 MiB',
    JSON.stringify({ records: [{ note: 'x'.repeat(1_048_577) }] }),
    /records\[0\] is longer/,
  ],
])('%s are refused before they are parsed, or stored', (_, text, message) => {
  expect(() => prepareBatch(createTask(text))).toThrow(message);
});

test('a FreeSWITCH document of any size and content is accepted', () => {
  const document = `{"channel_data":${'['.repeat(2_000_000)}`;
  const { processed, payload } = prepareBatch(createTask(document));
  expect([processed, (JSON.parse(payload) as { body: string }).body]).toEqual([1, document]);
});
