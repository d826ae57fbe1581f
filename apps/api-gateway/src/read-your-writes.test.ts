import { buildBatch, buildRecord } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  startTestGateway,
  type FoundCall,
  type IntakeBody,
  type ListBody,
  type TestGateway,
} from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const get = <T>(url: string, as = gateway.ours.manager) => gateway.call<T>(url, { as });
async function search(query: string, as?: string) {
  return (await get<ListBody<FoundCall>>(`/cdrs?${query}`, as)).json.data;
}
async function status(index: string) {
  return (
    await get<{ data: { state: string; received: number; stored: number; submissions: unknown[] } }>(
      `/cdr/${index}`,
    )
  ).json.data;
}

test('what is accepted is found before it is stored, and reads the same after', async () => {
  const record = buildRecord({ caller: '(415) 555-0009' });
  const body = { records: [record, buildRecord()], source: 'node-e' };
  const post = () => gateway.call<IntakeBody>('/cdr/early', { as: gateway.ours.byKey, body });
  expect((await post()).json.processed).toBe(2);

  expect(await gateway.db.$queryRaw`SELECT count(*)::int AS count FROM cdrs`).toEqual([{ count: 0 }]);
  const [early] = await search(`call_id=${record.call_id}`);
  expect(early).toMatchObject({
    call_id: record.call_id,
    caller: '+14155550009',
    source: 'node-e',
    batch_id: 'early',
  });
  expect(await search('batch_id=early&caller=%2B14155550009')).toEqual([early]);
  expect(await search('batch_id=early&disposition=BUSY')).toEqual([]);
  expect((await get<{ data: FoundCall }>(`/cdrs/${early!.id}`)).json.data).toEqual(early);
  expect(await status('early')).toMatchObject({
    state: 'accepted',
    received: 2,
    stored: 0,
    submissions: [{ received: 2, stored_at: null }],
  });

  // Nobody else sees it, stored or not.
  expect(await search('batch_id=early', gateway.theirs.member)).toEqual([]);
  expect((await get(`/cdrs/${early!.id}`, gateway.theirs.member)).status).toBe(404);

  // Sent twice, it is one leg to a reader already now.
  await post();
  expect(await search('batch_id=early')).toHaveLength(2);

  const waiting = gateway.call<IntakeBody>('/cdr/late', {
    as: gateway.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: buildBatch(1),
  });
  const stopWorker = gateway.startWorker();
  expect((await waiting).json).toMatchObject({ stored: 1 });
  await expect
    .poll(() => status('early'))
    .toMatchObject({ state: 'stored', received: 4, stored: 2, duplicates: 2 });
  expect((await get<{ data: FoundCall }>(`/cdrs/${early!.id}`)).json.data).toEqual(early);
  expect(await search(`call_id=${record.call_id}`)).toEqual([early]);
  await stopWorker();
});

test('Prefer: wait ends when its seconds are over, with what is known', async () => {
  const { json, status, headers } = await gateway.call<IntakeBody>('/cdr/never', {
    as: gateway.ours.byKey,
    headers: { prefer: 'wait=1' },
    body: buildBatch(1),
  });
  expect([status, json.processed]).toEqual([200, 1]);
  expect(json).not.toHaveProperty('stored');
  expect(headers).not.toHaveProperty('preference-applied');
});
