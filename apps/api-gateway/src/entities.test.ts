import { entityNames } from '@oriontel/activity';
import { buildBatch } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type ErrorBody, type TestGateway } from './testing.ts';

interface Entity {
  org_id: number;
  type: string;
  id: string;
  name: string | null;
  created_at: string;
}
type One = ErrorBody & { data: Entity };
type Many = ErrorBody & { data: Entity[]; meta: { pagination: { total: number } } };

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  gateway = await startTestGateway();
  stopWorker = gateway.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

function put(path: string, body: object, as = gateway.ours.manager) {
  return gateway.call<One>(`/entities/${path}`, { method: 'PUT', as, body });
}
async function list(query: string, as = gateway.ours.member) {
  return (await gateway.call<Many>(`/entities?${query}`, { as })).json;
}

test('an entity is registered, renamed and keeps its time', async () => {
  const first = await put('dialplan/dp-001', { name: ' Main Outbound Plan ' });
  expect([first.status, first.json.data]).toEqual([
    200,
    {
      org_id: gateway.ours.orgId,
      type: 'dialplan',
      id: 'dp-001',
      name: 'Main Outbound Plan',
      created_at: expect.stringMatching(/Z$/) as string,
    },
  ]);
  const again = await put('dialplan/dp-001', { name: 'Second' });
  expect(again.json.data).toEqual({ ...first.json.data, name: 'Second' });
  expect((await list('type=dialplan')).data).toEqual([again.json.data]);
});

test('what CDRs and imports bring is known without a name, and can be named', async () => {
  const { ours } = gateway;
  const headers = { prefer: 'wait=20' };
  await gateway.call('/cdr/b', { as: ours.byKey, headers, body: buildBatch(1, { source: 'node-e' }) });
  const logs = [{ timestamp: '2024-01-15T10:30:00Z', type: 'sip', message: 'x' }];
  await gateway.call('/logs/device/d-e', { as: ours.manager, body: { logs } });
  expect((await list('text=-e')).data).toMatchObject([
    { type: 'device', id: 'd-e', name: null },
    { type: 'source', id: 'node-e', name: null },
  ]);
  expect((await put('source/node-e', { name: 'East' })).json.data.name).toBe('East');
  const refs = [
    { type: 'source', id: 'node-e' },
    { type: 'device', id: 'd-e' },
    { type: 'device', id: 'none' },
  ];
  expect(await entityNames(gateway.db)(ours.orgId, refs)).toEqual([
    { type: 'source', id: 'node-e', name: 'East' },
  ]);
  expect(await entityNames(gateway.db)(gateway.theirs.orgId, refs)).toEqual([]);
  expect(await entityNames(gateway.db)(ours.orgId, [])).toEqual([]);
});

test('each organization has its own, and an admin sees them all', async () => {
  await put('queue/q-1', { name: 'Ours' });
  await put('queue/q-1', { name: 'Theirs' }, gateway.theirs.manager);
  await put('queue/q-1', { name: 'Default' }, gateway.admin);
  const names = async (query: string, as?: string) => (await list(query, as)).data.map(({ name }) => name);
  expect(await names('type=queue')).toEqual(['Ours']);
  expect(await names('type=queue', gateway.theirs.member)).toEqual(['Theirs']);
  expect(await names('type=queue', gateway.admin)).toEqual(['Default', 'Ours', 'Theirs']);
  expect(await names(`type=queue&org_id=${gateway.theirs.orgId}`, gateway.admin)).toEqual(['Theirs']);
});

test('text is part of the id or the name, in any case, and no pattern', async () => {
  await put('room/r-100', { name: '100% Ready' });
  await put('room/r-200', { name: 'Half_ready' });
  async function ids(text: string) {
    return (await list(`type=room&text=${encodeURIComponent(text)}`)).data.map(({ id }) => id);
  }
  expect(await ids('READY')).toEqual(['r-100', 'r-200']);
  expect(await ids('R-2')).toEqual(['r-200']);
  expect(await ids('0%')).toEqual(['r-100']);
  expect(await ids('_')).toEqual(['r-200']);
  expect(await ids('\\')).toEqual([]);
});

test('pages tell the whole', async () => {
  for (const id of ['c', 'a', 'b']) await put(`page/${id}`, { name: id });
  const { data, meta } = await list('type=page&limit=1&offset=1');
  expect([data.map(({ id }) => id), meta.pagination]).toEqual([['b'], { limit: 1, offset: 1, total: 3 }]);
});

test.each(['user/1', 'org/1', 'extension/1', 'gateway/g', 'imports/i'])(
  '%s is not named here',
  async (path) => {
    const { status, json } = await put(path, { name: 'x' });
    expect([status, json.error.details?.[0]?.field]).toEqual([400, 'type']);
  },
);
