import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ importTimeoutMs: 50 });
});
afterAll(() => gateway.close());

const headers = { accept: 'application/json' };
const logs = [{ timestamp: '2024-01-15T10:30:00Z', type: 'call', message: 'Call completed' }];
const event = { type: 'device_offline', data: { reason: 'timeout' } };

async function userRef(as: string): Promise<string> {
  return `user/${(await gateway.call<{ data: { id: number } }>('/auth/me', { as })).json.data.id}`;
}

/** Status codes of reading and writing logs and events of an entity. */
async function statusesOf(entity: string, as: string) {
  const writeLogs = await gateway.call(`/logs/${entity}`, { as, headers, body: { logs } });
  const readLogs = await gateway.call(`/logs/${entity}`, { as, headers });
  const writeEvent = await gateway.call(`/events/${entity}`, { method: 'PUT', as, headers, body: event });
  const readEvents = await gateway.call(`/events/${entity}`, { as, headers });
  return [entity, ...[writeLogs, readLogs, writeEvent, readEvents].map(({ status }) => status)];
}

test('logs and events accept users, organizations and extensions of the own organization', async () => {
  const { ours, theirs, admin } = gateway;
  const body = { extension_number: '77', name: 'x', extension_type: 'sip', config_data: {} };
  const extension = await gateway.call<{ data: { id: string } }>('/extensions', { as: ours.manager, body });
  const known = [
    await userRef(ours.member),
    `org/${ours.orgId}`,
    'extension/77',
    `extension/${extension.json.data.id}`,
  ];
  for (const entity of known) {
    expect(await statusesOf(entity, ours.manager)).toEqual([entity, 202, 200, 200, 200]);
    expect((await gateway.call(`/logs/${entity}`, { as: admin, headers })).json).toMatchObject({ total: 1 });
    expect(await statusesOf(entity, theirs.manager)).toEqual([entity, 404, 404, 404, 404]);
  }
});

test('logs and events are 404 for entities that the own organization does not have', async () => {
  const unknown = [
    await userRef(gateway.theirs.member),
    'user/0',
    'user/x',
    'user/99999999999',
    'org/1',
    'extension/0',
    'extension/78',
    'gateway/gw',
  ];
  for (const entity of unknown)
    expect(await statusesOf(entity, gateway.ours.manager)).toEqual([entity, 404, 404, 404, 404]);
});
