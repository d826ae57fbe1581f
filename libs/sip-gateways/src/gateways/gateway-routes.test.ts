import { testActors, type ErrorBody, type TestRequest } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestSipGateways, type TestSipGateways } from '../testing.ts';
import type { Gateway } from './gateway.ts';

const { admin, ours, theirs } = testActors;

let api: TestSipGateways;
beforeAll(async () => {
  api = await createTestSipGateways();
});
afterAll(() => api.close());

const create = (more?: object, as?: string) => api.create(more, as);
const report = (path: string, body?: object) => api.report(path, body);
const read = (path: string) => api.read(path);

describe('/gateways', () => {
  function send<T = Gateway>(
    method: TestRequest['method'] & string,
    path: string,
    body?: object,
    as = ours.manager,
  ) {
    return api.call<{ data: T } & ErrorBody>(`/gateways${path}`, { method, as, ...(body && { body }) });
  }

  test('creates, reads, partially updates and deletes a gateway', async () => {
    const id = await create({ transport: 'tls', host: '2001:db8::1' });
    const { data } = (await send('GET', `/${id}`)).json;
    expect(data).toMatchObject({ id, port: 5061, transport: 'tls', host: '2001:db8::1', ok_codes: [] });
    const changed = await send('PUT', `/${id}`, { failures_to_down: 1, enabled: false });
    expect(changed.json.data).toMatchObject({
      ...data,
      failures_to_down: 1,
      enabled: false,
      updated_at: expect.anything(),
    });
    expect((await send('PUT', `/${id}`, { interval_seconds: 5, timeout_ms: 5_000 })).status).toBe(200);
    expect((await send('PUT', `/${id}`, { timeout_ms: 5_001 })).status).toBe(400);
    expect((await send('DELETE', `/${id}`)).status).toBe(204);
    for (const response of [await send('GET', `/${id}`), await send('DELETE', `/${id}`), await read(id)])
      expect(response.status).toBe(404);
  });

  test('keeps port null, and shows it in the status', async () => {
    const id = await create({ port: null });
    expect((await read(id)).json.gateway.port).toBeNull();
  });

  test('answers 409 to an id that the organization has, even for concurrent requests', async () => {
    const id = await create();
    const repeated = await send('POST', '', { id, name: 'x', host: 'a.example' });
    expect([repeated.status, repeated.json.error.details?.[0]?.field]).toEqual([409, 'id']);
    const concurrent = await Promise.all(
      [1, 2].map(() => send('POST', '', { id: `${id}x`, name: 'x', host: 'a.example' })),
    );
    expect(concurrent.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  test('starts without history after a gateway is deleted and recreated', async () => {
    const id = await create();
    await report(`${id}/down`);
    await send('DELETE', `/${id}`);
    await create({ id });
    const { json } = await read(`${id}?include_history=true`);
    expect(json.current_status).toMatchObject({ status: 'unknown', uptime_percent_24h: null });
    expect(json.history).toEqual([]);
  });

  test('applies all concurrent updates', async () => {
    const id = await create();
    const changes = [
      { name: 'At once' },
      { interval_seconds: 30 },
      { port: 5080 },
      { enabled: false },
      { ok_codes: [200] },
    ];
    await Promise.all(changes.map((body) => send('PUT', `/${id}`, body)));
    expect((await send('GET', `/${id}`)).json.data).toMatchObject(Object.assign({}, ...changes) as object);
  });

  test('lists the gateways of one organization by id, and searches their texts', async () => {
    const word = 'listed';
    await create({ id: `${word}-b`, enabled: false });
    await create({ id: `${word}-a`, host: `${word}.example` });
    const named = await create({ name: `A ${word.toUpperCase()} one` });
    await create({ name: word }, theirs.manager);
    async function list(query: string, as = ours.member) {
      return (await api.call<{ data: Gateway[]; meta: { pagination: object } }>(`/gateways?${query}`, { as }))
        .json;
    }
    const { data, meta } = await list(`text=${word}`);
    expect(data.map(({ id }) => id)).toEqual([named, `${word}-a`, `${word}-b`]);
    expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 3 });
    expect((await list(`text=${word}&limit=1&offset=1`)).data.map(({ id }) => id)).toEqual([`${word}-a`]);
    expect((await list(`text=${word}&enabled=false`)).data.map(({ id }) => id)).toEqual([`${word}-b`]);
    expect((await list(`text=${word}`, admin)).data).toHaveLength(4);
    expect((await list('text=%25')).data).toEqual([]);
  });
});
