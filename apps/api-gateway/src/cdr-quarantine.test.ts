import { buildRecord } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type IntakeBody, type ListBody, type TestGateway } from './testing.ts';

interface Item {
  id: string;
  org_id: number;
  batch_id: string;
  reason: string;
  detail: string;
  source: string;
  records: { call_id: string }[] | null;
  document: string | null;
  quarantined_at: string;
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.startWorker();
});
afterAll(() => gateway.close());

function send(index: string, records: object[], more: object = {}) {
  return gateway.call<IntakeBody>(`/cdr/${index}`, {
    as: gateway.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source: 'node-q', partial: true, records, ...more },
  });
}
async function list(query: string, as = gateway.ours.manager): Promise<Item[]> {
  return (await gateway.call<ListBody<Item>>(`/cdrs/quarantine?${query}`, { as })).json.data;
}
function redrive(id: string, as = gateway.ours.manager) {
  return gateway.call<{ data: { batch_id: string } }>(`/cdrs/quarantine/${id}/redrive`, {
    method: 'POST',
    as,
  });
}
function writeOff(id: string, as = gateway.ours.manager) {
  return gateway.call(`/cdrs/quarantine/${id}`, { method: 'DELETE', as });
}
async function statusOf(index: string) {
  return (
    await gateway.call<{ data: Record<string, unknown> }>(`/cdr/${index}`, { as: gateway.ours.manager })
  ).json.data;
}

const impossible = (call_id: string) => buildRecord({ call_id, end_time: '2020-01-01T00:00:00Z' });
/** A record that is there already with other content. */
async function conflict(index: string) {
  const record = buildRecord({ call_id: index });
  await send(index, [record]);
  await send(index, [{ ...record, callee: '+14155550000' }]);
  return record;
}

describe('the list', () => {
  let middle: string;
  beforeAll(async () => {
    await send('by-reason', [impossible('r-1')]);
    middle = (await list('batch_id=by-reason'))[0]!.quarantined_at;
    // Its batch's key is another: what is asked is who sent the batch.
    await send('by-source', [impossible('r-2')], { source: 'node-other' });
    await conflict('by-conflict');
    await gateway.call('/cdr/by-document?uuid=018d0c0b-7a40-7b3c-9f6e-2f1f5a6b7c8d', {
      as: gateway.ours.byKey,
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

  test('from and to are when it was quarantined, both moments included', async () => {
    expect(await batches(`to=${middle}`)).toEqual(['by-reason']);
    expect(await batches(`from=${middle}&source=node-q`)).toEqual(['by-conflict', 'by-reason']);
    expect(await batches(`from=${middle}&to=${middle}`)).toEqual(['by-reason']);
  });

  test('one item reads as in the list', async () => {
    for (const item of await list('')) {
      const answer = await gateway.call<{ data: Item }>(`/cdrs/quarantine/${item.id}`, {
        as: gateway.ours.member,
      });
      expect(answer.json.data).toEqual(item);
    }
  });

  test('holds nothing for another organization, and everything for an admin', async () => {
    expect(await list('', gateway.theirs.manager)).toEqual([]);
    const all = await list('', gateway.admin);
    expect(all.map(({ batch_id }) => batch_id)).toEqual(expect.arrayContaining(['by-reason', 'by-conflict']));
    expect(await list(`org_id=${gateway.theirs.orgId}`, gateway.admin)).toEqual([]);
  });
});

test('a conflict is stored once the leg it contradicts is gone, and driven again', async () => {
  const record = await conflict('gone');
  const [item] = await list('batch_id=gone');
  await gateway.db.$executeRaw`DELETE FROM cdrs WHERE call_id = ${record.call_id}`;
  expect((await redrive(item!.id)).json.data.batch_id).toBe('gone');
  await expect.poll(() => statusOf('gone'), { timeout: 10_000 }).toMatchObject({ stored: 2, conflicts: 1 });
  expect(await list('batch_id=gone')).toEqual([]);
  const { json } = await gateway.call<ListBody<{ callee: string }>>(`/cdrs?call_id=${record.call_id}`, {
    as: gateway.ours.manager,
  });
  expect(json.data.map(({ callee }) => callee)).toEqual(['+14155550000']);
});

test('what cannot be stored this time either comes back, once, under another id', async () => {
  await send('again', [impossible('again')]);
  const [item] = await list('batch_id=again');
  expect((await redrive(item!.id, gateway.admin)).status).toBe(200);
  await expect.poll(async () => (await list('batch_id=again')).length, { timeout: 10_000 }).toBe(1);
  const [back] = await list('batch_id=again');
  expect(back).toMatchObject({ reason: 'invalid', records: item!.records, source: 'node-q' });
  expect(back!.id).not.toBe(item!.id);
});

test('of many who drive one item again one does, and the others are told 404', async () => {
  await send('raced', [impossible('raced')]);
  const [item] = await list('batch_id=raced');
  const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await redrive(item!.id)).status));
  expect(statuses.sort()).toEqual([200, 404, 404, 404, 404, 404, 404, 404]);
});

test('what is written off is gone, and neither read, driven again nor written off again', async () => {
  await send('off', [impossible('off-1'), impossible('off-2')]);
  const [item, other] = await list('batch_id=off');
  expect((await writeOff(item!.id)).status).toBe(204);
  expect((await list('batch_id=off')).map(({ id }) => id)).toEqual([other!.id]);
  expect((await writeOff(item!.id)).status).toBe(404);
  expect((await redrive(item!.id)).status).toBe(404);
  expect((await gateway.call(`/cdrs/quarantine/${item!.id}`, { as: gateway.admin })).status).toBe(404);
});

test('members look but do not touch, and another organization cannot even tell that there is something', async () => {
  await send('ours', [impossible('ours')]);
  const [item] = await list('batch_id=ours');
  expect((await redrive(item!.id, gateway.ours.member)).status).toBe(403);
  expect((await writeOff(item!.id, gateway.ours.member)).status).toBe(403);
  expect((await writeOff(item!.id, gateway.ours.byKey)).status).toBe(403);
  expect((await redrive(item!.id, gateway.theirs.manager)).status).toBe(404);
  expect((await writeOff(item!.id, gateway.theirs.manager)).status).toBe(404);
  expect(await list('batch_id=ours')).toEqual([item]);
});

test('what another queue quarantined is not a CDR: neither found, driven again nor written off here', async () => {
  const id = '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b';
  await gateway.db.$executeRaw`
    INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, fingerprint, request_id, accepted_at)
    VALUES (${id}::uuid, 'eventlog', ${gateway.ours.orgId}, 'k', 'poison', 'x', '{}', 'f', 'r', now())`;
  const read = await gateway.call(`/cdrs/quarantine/${id}`, { as: gateway.ours.manager });
  expect([read.status, (await redrive(id)).status, (await writeOff(id)).status]).toEqual([404, 404, 404]);
  expect(await gateway.db.quarantineItem.count({ where: { id } })).toBe(1);
});
