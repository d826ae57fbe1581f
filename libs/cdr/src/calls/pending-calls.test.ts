import type { ListBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBatch, buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';
import type { CallRecord } from './call-record.ts';

let cdr: TestCdr;
beforeAll(async () => {
  cdr = await createTestCdr();
});
afterAll(() => cdr.close());

function get<T>(url: string, as = cdr.ours.manager) {
  return cdr.call<T>(url, { as });
}
async function search(query: string, as?: string) {
  return (await get<ListBody<CallRecord>>(`/cdrs?${query}`, as)).json.data;
}
async function status(index: string) {
  return (
    await get<{ data: { state: string; received: number; stored: number; submissions: unknown[] } }>(
      `/cdr/${index}`,
    )
  ).json.data;
}

test('an accepted call is found before it is stored and reads the same afterwards', async () => {
  const record = buildRecord({ caller: '(415) 555-0009' });
  const body = { records: [record, buildRecord()], source: 'node-e' };
  const post = () => cdr.call<IntakeBody>('/cdr/early', { as: cdr.ours.byKey, body });
  expect((await post()).json.processed).toBe(2);

  expect(await cdr.db.$queryRaw`SELECT count(*)::int AS count FROM cdrs`).toEqual([{ count: 0 }]);
  const [early] = await search(`call_id=${record.call_id}`);
  expect(early).toMatchObject({
    call_id: record.call_id,
    caller: '+14155550009',
    source: 'node-e',
    batch_id: 'early',
  });
  expect(await search('batch_id=early&caller=%2B14155550009')).toEqual([early]);
  expect(await search('batch_id=early&number=4155550009&min_duration=1')).toEqual([early]);
  expect(await search('batch_id=early&caller=+141555500*')).toEqual([early]);
  expect(await search('batch_id=early&caller=+4930*')).toEqual([]);
  expect(await search('batch_id=early&max_duration=0')).toEqual([]);
  expect(await search('batch_id=early&disposition=BUSY')).toEqual([]);
  expect((await get<{ data: CallRecord }>(`/cdrs/${early!.id}`)).json.data).toEqual(early);
  expect(await status('early')).toMatchObject({
    state: 'accepted',
    received: 2,
    stored: 0,
    submissions: [{ received: 2, stored_at: null }],
  });

  // Other organizations see neither the pending nor the stored call.
  expect(await search('batch_id=early', cdr.theirs.member)).toEqual([]);
  expect((await get(`/cdrs/${early!.id}`, cdr.theirs.member)).status).toBe(404);

  // A pending duplicate is already merged into one leg.
  await post();
  expect(await search('batch_id=early')).toHaveLength(2);

  const waiting = cdr.call<IntakeBody>('/cdr/late', {
    as: cdr.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: buildBatch(1),
  });
  const stopWorker = cdr.startWorker();
  expect((await waiting).json).toMatchObject({ stored: 1 });
  await expect
    .poll(() => status('early'))
    .toMatchObject({ state: 'stored', received: 4, stored: 2, duplicates: 2 });
  expect((await get<{ data: CallRecord }>(`/cdrs/${early!.id}`)).json.data).toEqual(early);
  expect(await search(`call_id=${record.call_id}`)).toEqual([early]);
  await stopWorker();
});

test('Prefer: wait responds without final counts when its seconds are over', async () => {
  const { json, status, headers } = await cdr.call<IntakeBody>('/cdr/never', {
    as: cdr.ours.byKey,
    headers: { prefer: 'wait=1' },
    body: buildBatch(1),
  });
  expect([status, json.processed]).toEqual([200, 1]);
  expect(json).not.toHaveProperty('stored');
  expect(headers).not.toHaveProperty('preference-applied');
});
