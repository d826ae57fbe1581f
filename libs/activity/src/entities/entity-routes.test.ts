import type { ErrorBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestActivity, type TestActivity } from '../testing.ts';
import { createEntityRegistrar } from './create-entity-registrar.ts';
import { entityNames } from './entity-names.ts';

interface Entity {
  org_id: number;
  type: string;
  id: string;
  name: string | null;
  created_at: string;
}
type EntityBody = ErrorBody & { data: Entity };
type EntityListBody = ErrorBody & { data: Entity[]; meta: { pagination: { total: number } } };

let activity: TestActivity;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  activity = await createTestActivity();
  stopWorker = activity.startWorker();
});
afterAll(async () => {
  await stopWorker();
  await activity.close();
});

function put(path: string, body: object, as = activity.ours.manager) {
  return activity.call<EntityBody>(`/entities/${path}`, { method: 'PUT', as, body });
}
async function list(query: string, as = activity.ours.member) {
  return (await activity.call<EntityListBody>(`/entities?${query}`, { as })).json;
}

test('PUT /entities registers an entity, then renames it and keeps created_at', async () => {
  const first = await put('dialplan/dp-001', { name: ' Main Outbound Plan ' });
  expect([first.status, first.json.data]).toEqual([
    200,
    {
      org_id: activity.ours.orgId,
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

test('entities registered by CDRs and imports have no name until it is set', async () => {
  const { ours } = activity;
  await createEntityRegistrar()(activity.db, [{ orgId: ours.orgId, type: 'source', id: 'node-e' }]);
  const logs = [{ timestamp: '2024-01-15T10:30:00Z', type: 'sip', message: 'x' }];
  await activity.call('/logs/device/d-e', { as: ours.manager, body: { logs } });
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
  expect(await entityNames(activity.db)(ours.orgId, refs)).toEqual([
    { type: 'source', id: 'node-e', name: 'East' },
  ]);
  expect(await entityNames(activity.db)(activity.theirs.orgId, refs)).toEqual([]);
  expect(await entityNames(activity.db)(ours.orgId, [])).toEqual([]);
});

test('GET /entities lists the entities of the own organization, for admins those of all', async () => {
  await put('queue/q-1', { name: 'Ours' });
  await put('queue/q-1', { name: 'Theirs' }, activity.theirs.manager);
  await put('queue/q-1', { name: 'Default' }, activity.admin);
  const names = async (query: string, as?: string) => (await list(query, as)).data.map(({ name }) => name);
  expect(await names('type=queue')).toEqual(['Ours']);
  expect(await names('type=queue', activity.theirs.member)).toEqual(['Theirs']);
  expect(await names('type=queue', activity.admin)).toEqual(['Default', 'Ours', 'Theirs']);
  expect(await names(`type=queue&org_id=${activity.theirs.orgId}`, activity.admin)).toEqual(['Theirs']);
});

test('text matches a part of the id or the name literally, ignoring case', async () => {
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

test('GET /entities returns the total of all pages', async () => {
  for (const id of ['c', 'a', 'b']) await put(`page/${id}`, { name: id });
  const { data, meta } = await list('type=page&limit=1&offset=1');
  expect([data.map(({ id }) => id), meta.pagination]).toEqual([['b'], { limit: 1, offset: 1, total: 3 }]);
});

test.each(['user/1', 'org/1', 'extension/1', 'gateway/g', 'imports/i'])(
  'PUT /entities/%s is 400 because the type cannot be registered',
  async (path) => {
    const { status, json } = await put(path, { name: 'x' });
    expect([status, json.error.details?.[0]?.field]).toEqual([400, 'type']);
  },
);
