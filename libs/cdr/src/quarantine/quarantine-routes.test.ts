import type { ListBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';

interface Entry {
  id: string;
  org_id: number;
  batch_id: string;
  reason: string;
  detail: string;
  source: string;
  record_count: number;
  bytes: number;
  quarantined_at: string;
}
interface Item extends Entry {
  records: { call_id: string }[] | null;
  document: string | null;
}

let cdr: TestCdr;
beforeAll(async () => {
  cdr = await createTestCdr();
  cdr.startWorker();
});
afterAll(() => cdr.close());

function send(index: string, records: object[], more: object = {}) {
  return cdr.call<IntakeBody>(`/cdr/${index}`, {
    as: cdr.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source: 'node-q', partial: true, records, ...more },
  });
}
async function list(query: string, as = cdr.ours.manager): Promise<Entry[]> {
  return (await cdr.call<ListBody<Entry>>(`/cdrs/quarantine?${query}`, { as })).json.data;
}
async function read(id: string): Promise<Item> {
  return (await cdr.call<{ data: Item }>(`/cdrs/quarantine/${id}`, { as: cdr.ours.member })).json.data;
}
async function readContent(id: string, as = cdr.ours.manager): Promise<Record<string, unknown>> {
  const { body } = await cdr.call(`/cdrs/quarantine/${id}/content`, { as });
  return JSON.parse(body) as Record<string, unknown>;
}
function redrive(id: string, as = cdr.ours.manager) {
  return cdr.call<{ data: { batch_id: string } }>(`/cdrs/quarantine/${id}/redrive`, {
    method: 'POST',
    as,
  });
}
function discard(id: string, as = cdr.ours.manager) {
  return cdr.call(`/cdrs/quarantine/${id}`, { method: 'DELETE', as });
}
async function statusOf(index: string) {
  return (await cdr.call<{ data: Record<string, unknown> }>(`/cdr/${index}`, { as: cdr.ours.manager })).json
    .data;
}

const impossible = (call_id: string) => buildRecord({ call_id, end_time: '2020-01-01T00:00:00Z' });
/** Quarantines a record whose leg is stored with other content; returns the stored record. */
async function quarantineConflict(index: string) {
  const record = buildRecord({ call_id: index });
  await send(index, [record]);
  await send(index, [{ ...record, callee: '+14155550000' }]);
  return record;
}

describe('GET /cdrs/quarantine', () => {
  let middle: string;
  beforeAll(async () => {
    await send('by-reason', [impossible('r-1')]);
    middle = (await list('batch_id=by-reason'))[0]!.quarantined_at;
    // The source filter matches the source of the batch, not its index.
    await send('by-source', [impossible('r-2')], { source: 'node-other' });
    await quarantineConflict('by-conflict');
    await cdr.call('/cdr/by-document?uuid=018d0c0b-7a40-7b3c-9f6e-2f1f5a6b7c8d', {
      as: cdr.ours.byKey,
      headers: { 'content-type': 'application/json', prefer: 'wait=20', 'user-agent': 'freeswitch-json/1.0' },
      body: '{"variables": broken \\u0000',
    });
  });
  const batches = async (query: string) => (await list(query)).map(({ batch_id }) => batch_id).sort();

  test.each([
    ['reason=invalid', ['by-reason', 'by-source']],
    ['reason=conflict', ['by-conflict']],
    ['reason=unreadable', ['by-document']],
    ['reason=poison', []],
    ['source=node-other', ['by-source']],
    ['source=node-q', ['by-conflict', 'by-reason']],
    ['source=nobody', []],
    ['source=node-q&reason=invalid', ['by-reason']],
    ['batch_id=by-reason', ['by-reason']],
    ['to=2020-01-01T00:00:00Z', []],
    ['from=2020-01-01T00:00:00Z&reason=conflict', ['by-conflict']],
  ])('%s', async (query, expected) => expect(await batches(query)).toEqual(expected));

  test('from and to filter by quarantine time, both inclusive', async () => {
    expect(await batches(`to=${middle}`)).toEqual(['by-reason']);
    expect(await batches(`from=${middle}&source=node-q`)).toEqual(['by-conflict', 'by-reason']);
    expect(await batches(`from=${middle}&to=${middle}`)).toEqual(['by-reason']);
  });

  test('GET /cdrs/quarantine/:id returns the item as listed, with its content', async () => {
    for (const entry of await list('')) {
      const { records, document, ...listed } = await read(entry.id);
      expect(listed).toEqual(entry);
      expect([records === null, document === null]).toContain(true);
      const content = await readContent(entry.id);
      expect(content['records'] ?? content['body']).toEqual(records ?? document);
      expect(entry).toMatchObject({ record_count: 1, bytes: JSON.stringify(content).length });
    }
  });

  test('content of more than 1 MiB is left out of the item and read on its own', async () => {
    const long = { ...impossible('long'), note: 'x'.repeat(2 * 1024 * 1024) };
    await send('long', [long]);
    const [entry] = await list('batch_id=long');
    expect(entry!.bytes).toBeGreaterThan(2 * 1024 * 1024);
    expect(await read(entry!.id)).toMatchObject({ records: null, document: null });
    expect(await readContent(entry!.id)).toMatchObject({ batchId: 'long', records: [long] });
    expect(await readContent(entry!.id, cdr.theirs.manager)).toMatchObject({ error: { code: 404 } });
    await discard(entry!.id);
  });

  test('shows another organization nothing and an admin everything', async () => {
    expect(await list('', cdr.theirs.manager)).toEqual([]);
    const all = await list('', cdr.admin);
    expect(all.map(({ batch_id }) => batch_id)).toEqual(expect.arrayContaining(['by-reason', 'by-conflict']));
    expect(await list(`org_id=${cdr.theirs.orgId}`, cdr.admin)).toEqual([]);
  });
});

test('GET /cdrs/quarantine pages through all items, newest first', async () => {
  const bad = Array.from({ length: 7 }, (_, number) => ({ number }));
  await send('bad', bad);
  const seen: unknown[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json }: { json: ListBody<Entry> } = await cdr.call(
      `/cdrs/quarantine?batch_id=bad&limit=3${cursor && `&cursor=${cursor}`}`,
      { as: cdr.ours.manager },
    );
    for (const { id } of json.data) seen.push((await read(id)).records![0]);
    cursor = json.meta.next_cursor;
  }
  expect(seen).toEqual(bad.toReversed());
});

test('redriving a conflict stores it once the conflicting leg is deleted', async () => {
  const record = await quarantineConflict('gone');
  const [item] = await list('batch_id=gone');
  await cdr.db.$executeRaw`DELETE FROM cdrs WHERE call_id = ${record.call_id}`;
  expect((await redrive(item!.id)).json.data.batch_id).toBe('gone');
  await expect.poll(() => statusOf('gone'), { timeout: 10_000 }).toMatchObject({ stored: 2, conflicts: 1 });
  expect(await list('batch_id=gone')).toEqual([]);
  const { json } = await cdr.call<ListBody<{ callee: string }>>(`/cdrs?call_id=${record.call_id}`, {
    as: cdr.ours.manager,
  });
  expect(json.data.map(({ callee }) => callee)).toEqual(['+14155550000']);
});

test('an item that still cannot be stored returns to quarantine once, with another id', async () => {
  await send('again', [impossible('again')]);
  const [item] = await list('batch_id=again');
  const { records } = await read(item!.id);
  expect((await redrive(item!.id, cdr.admin)).status).toBe(200);
  await expect.poll(async () => (await list('batch_id=again')).length, { timeout: 10_000 }).toBe(1);
  const [back] = await list('batch_id=again');
  expect(await read(back!.id)).toMatchObject({ reason: 'invalid', records, source: 'node-q' });
  expect(back!.id).not.toBe(item!.id);
});

test('of concurrent redrives of one item one succeeds and the others get 404', async () => {
  await send('raced', [impossible('raced')]);
  const [item] = await list('batch_id=raced');
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await redrive(item!.id)).status));
  expect(statuses.sort()).toEqual([200, 404, 404, 404, 404, 404, 404, 404]);
});

test('a discarded item can be neither read, redriven nor discarded again', async () => {
  await send('off', [impossible('off-1'), impossible('off-2')]);
  const [item, other] = await list('batch_id=off');
  expect((await discard(item!.id)).status).toBe(204);
  expect((await list('batch_id=off')).map(({ id }) => id)).toEqual([other!.id]);
  expect((await discard(item!.id)).status).toBe(404);
  expect((await redrive(item!.id)).status).toBe(404);
  expect((await cdr.call(`/cdrs/quarantine/${item!.id}`, { as: cdr.admin })).status).toBe(404);
});

test('members get 403 for redrive and discard, another organization gets 404', async () => {
  await send('ours', [impossible('ours')]);
  const [item] = await list('batch_id=ours');
  expect((await redrive(item!.id, cdr.ours.member)).status).toBe(403);
  expect((await discard(item!.id, cdr.ours.member)).status).toBe(403);
  expect((await discard(item!.id, cdr.ours.byKey)).status).toBe(403);
  expect((await redrive(item!.id, cdr.theirs.manager)).status).toBe(404);
  expect((await discard(item!.id, cdr.theirs.manager)).status).toBe(404);
  expect(await list('batch_id=ours')).toEqual([item]);
});

test('items of other queues are not found, redriven or discarded', async () => {
  const id = '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b';
  await cdr.db.$executeRaw`
    INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, fingerprint, request_id,
      accepted_at)
    VALUES (${id}::uuid, 'eventlog', ${cdr.ours.orgId}, 'k', 'poison', 'x', '{}', 'f', 'r', now())`;
  const { status } = await cdr.call(`/cdrs/quarantine/${id}`, { as: cdr.ours.manager });
  expect([status, (await redrive(id)).status, (await discard(id)).status]).toEqual([404, 404, 404]);
  expect(await cdr.db.quarantineItem.count({ where: { id } })).toBe(1);
});
