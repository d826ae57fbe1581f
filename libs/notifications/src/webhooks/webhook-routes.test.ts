import type { ErrorBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTestNotifications, startReceiver, type Receiver, type TestNotifications } from '../testing.ts';

interface Webhook {
  id: string;
  url: string;
  secret: string;
  enabled: boolean;
  description: string | null;
  event_types: string[];
  disabled_reason: string | null;
  last_success_at: string | null;
}
interface Delivery {
  id: string;
  event_id: string;
  type: string;
  state: string;
  attempts: number;
  tries: { status: number | null; error: string | null; detail: string | null; response: string | null }[];
}

let api: TestNotifications;
beforeAll(async () => {
  api = await createTestNotifications();
}, 60_000);
afterAll(() => api.close());

const secretOf = (byte: string): string => `whsec_${Buffer.from(byte.repeat(32)).toString('base64')}`;
const SECRET = secretOf('a');
const POLL = { timeout: 15_000, interval: 50 };

async function call<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: object,
  as = api.ours.manager,
) {
  const { status, json, ...response } = await api.call<{ data: T } & ErrorBody>(url, {
    method,
    as,
    ...(body && { body }),
  });
  return { status, body: response.body, data: json?.data, error: json?.error };
}

async function addReceiver(behavior?: Parameters<typeof startReceiver>[1]): Promise<Receiver> {
  const receiver = await startReceiver(SECRET, behavior);
  onTestFinished(() => receiver.close());
  return receiver;
}
async function addWebhook(fields: object, as?: string): Promise<Webhook> {
  const body = { url: 'https://hooks.example.com/', event_types: ['*'], secret: SECRET, ...fields };
  const { data } = await call<Webhook>('POST', '/webhooks', body, as);
  onTestFinished(() => api.db.webhook.deleteMany({ where: { id: data.id } }).then(() => undefined));
  return data;
}
async function readWebhook(id: string): Promise<Webhook> {
  return (await call<Webhook>('GET', `/webhooks/${id}`)).data;
}
async function listDeliveries(id: string, query = ''): Promise<Delivery[]> {
  return (await call<Delivery[]>('GET', `/webhooks/${id}/deliveries${query}`)).data;
}
async function readNewestDelivery(id: string): Promise<Delivery> {
  const [newest] = await listDeliveries(id);
  return (await call<Delivery>('GET', `/webhooks/${id}/deliveries/${newest!.id}`)).data;
}
async function statesOf(id: string): Promise<string[]> {
  return (await listDeliveries(id)).map(({ state }) => state);
}
async function countTries(id: string): Promise<number> {
  return (await readNewestDelivery(id)).tries.length;
}

test('an event is delivered, signed, to the webhooks that subscribe to its type', async () => {
  const [subscribed, other, theirs] = [await addReceiver(), await addReceiver(), await addReceiver()];
  const { id } = await addWebhook({ url: subscribed.url, event_types: ['registration_failed'] });
  await addWebhook({ url: other.url, event_types: ['gateway_down'] });
  await addWebhook({ url: theirs.url }, api.theirs.manager);
  const event = await api.publish({ type: 'registration_failed' });
  expect(event.count).toBe(1);
  await expect.poll(subscribed.ids, POLL).toEqual([event.id]);
  expect(subscribed.received[0]!.payload).toMatchObject({
    type: 'registration_failed',
    data: {
      event_id: event.id,
      org_id: api.ours.orgId,
      entity: 'device/dev-001',
      data: { ip: '192.0.2.7' },
    },
  });
  expect([other.received, theirs.received, subscribed.state.unsigned]).toEqual([[], [], 0]);
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
  const tries = [{ status: 204, error: null }];
  expect(await readNewestDelivery(id)).toMatchObject({ event_id: event.id, attempts: 1, tries });
  expect((await readWebhook(id)).last_success_at).toMatch(/Z$/);
});

test('a failed delivery shows the response, and is sent at once when the URL is changed', async () => {
  const receiver = await addReceiver((_received, response) => response.writeHead(503).end('out for lunch'));
  const { id } = await addWebhook({ url: receiver.url });
  await api.publish();
  await expect.poll(() => countTries(id), POLL).toBeGreaterThan(0);
  const failed = { status: 503, error: 'status', response: 'out for lunch' };
  expect((await readNewestDelivery(id)).tries.at(-1)).toMatchObject(failed);
  expect(await statesOf(id)).toEqual(['pending']);
  receiver.state.behavior = 204;
  expect((await call('PUT', `/webhooks/${id}`, { url: `${receiver.url}/new` })).status).toBe(200);
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
});

test('private addresses are not called unless the operator allows them', async () => {
  const receiver = await addReceiver();
  await api.restartWorker({ allowPrivate: false });
  try {
    const { id } = await addWebhook({ url: receiver.url });
    await api.publish();
    await expect.poll(() => countTries(id), POLL).toBeGreaterThan(0);
    const { tries } = await readNewestDelivery(id);
    expect(tries[0]).toMatchObject({ status: null, error: 'private_address', response: null });
    expect(tries[0]!.detail).toContain('private addresses are not allowed');
    expect(receiver.received).toEqual([]);
  } finally {
    await api.restartWorker();
  }
});

test('the secret is shown only in the response that creates or replaces it', async () => {
  const body = { url: 'https://a.example/', event_types: ['x'] };
  const created = await call<Webhook>('POST', '/webhooks', body);
  const { id, secret } = created.data;
  onTestFinished(() => api.db.webhook.deleteMany({ where: { id } }).then(() => undefined));
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const generated = await call<Webhook>('POST', `/webhooks/${id}/secret`, {});
  expect(generated.data.secret).not.toBe(secret);
  const given = await call<Webhook>('POST', `/webhooks/${id}/secret`, { secret: secretOf('b') });
  expect(given.data.secret).toBe(secretOf('b'));
  await call('POST', `/webhooks/${id}/test`);
  const responses = [
    await call('GET', '/webhooks'),
    await call('GET', `/webhooks/${id}`),
    await call('PUT', `/webhooks/${id}`, { secret: secretOf('c') }),
    await call('GET', `/webhooks/${id}/deliveries`),
    await call('GET', `/webhooks/${id}`, undefined, api.admin),
  ];
  for (const response of responses) {
    expect(response.status).toBe(200);
    expect(response.body).not.toMatch(/whsec_|secret/);
  }
});

test('a replaced secret signs later attempts', async () => {
  const receiver = await addReceiver();
  const { id } = await addWebhook({ url: receiver.url, secret: secretOf('z') });
  await call('POST', `/webhooks/${id}/test`);
  await expect.poll(() => receiver.state.unsigned, POLL).toBeGreaterThan(0);
  await call('POST', `/webhooks/${id}/secret`, { secret: SECRET });
  await expect
    .poll(() => receiver.received.map(({ payload }) => payload.type), POLL)
    .toEqual(['webhook.test']);
});

test('PUT /webhooks/:id keeps omitted fields', async () => {
  const { id } = await addWebhook({ description: 'On call', event_types: ['a', 'b', 'a'] });
  expect(await readWebhook(id)).toMatchObject({ description: 'On call', event_types: ['a', 'b'] });
  const updated = await call<Webhook>('PUT', `/webhooks/${id}`, { description: null, event_types: ['c'] });
  expect(updated.data).toMatchObject({
    description: null,
    event_types: ['c'],
    enabled: true,
    url: 'https://hooks.example.com/',
  });
});

test('DELETE /webhooks/:id deletes a webhook once, and its deliveries are not found', async () => {
  const { id } = await addWebhook({});
  const { data } = await call<Delivery>('POST', `/webhooks/${id}/test`);
  expect((await call('DELETE', `/webhooks/${id}`)).status).toBe(204);
  for (const [method, path] of [
    ['DELETE', ''],
    ['GET', ''],
    ['GET', '/deliveries'],
    ['GET', `/deliveries/${data.id}`],
  ] as const)
    expect((await call(method, `/webhooks/${id}${path}`)).status).toBe(404);
});

test('a delivery, or all of them, can be replayed', async () => {
  const receiver = await addReceiver();
  const { id } = await addWebhook({ url: receiver.url });
  const events = [(await api.publish()).id, (await api.publish()).id];
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered', 'delivered']);
  const [newest] = await listDeliveries(id, '?state=delivered');
  const replayed = await call<Delivery>('POST', `/webhooks/${id}/deliveries/${newest!.id}/replay`);
  expect(replayed.data).toMatchObject({ state: 'pending', attempts: 1 });
  const receivedIds = () => receiver.received.map((received) => received.id);
  await expect.poll(receivedIds, POLL).toEqual([...events, events[1]]);
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered', 'delivered']);
  await call('POST', `/webhooks/${id}/replay`, {});
  const since = '2024-01-15T10:30:00Z';
  const all = await call<{ pending: number }>('POST', `/webhooks/${id}/replay`, { delivered: true, since });
  expect(all.status).toBe(200);
  await expect.poll(receivedIds, POLL).toEqual([...events, events[1], ...events]);
  expect(await countTries(id)).toBe(3);
});

test('a delivery that does not exist is not found', async () => {
  const { id } = await addWebhook({});
  for (const deliveryId of [id, 'none'])
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/replay'],
    ] as const) {
      const { status, error } = await call(method, `/webhooks/${id}/deliveries/${deliveryId}${path}`);
      expect([status, error.message]).toEqual([404, 'No such delivery.']);
    }
});

test('a disabled webhook receives nothing and cannot be tested or replayed until it is enabled', async () => {
  const receiver = await addReceiver(410);
  const { id } = await addWebhook({ url: receiver.url });
  await api.publish();
  await expect.poll(async () => (await readWebhook(id)).enabled, POLL).toBe(false);
  expect((await readWebhook(id)).disabled_reason).toContain('410');
  expect((await api.publish()).count).toBe(0);
  const [delivery] = await listDeliveries(id);
  for (const path of ['/replay', '/test', `/deliveries/${delivery!.id}/replay`]) {
    const body = path === '/replay' ? {} : undefined;
    const { status, error } = await call('POST', `/webhooks/${id}${path}`, body);
    expect([status, error.message]).toEqual([409, expect.stringContaining('enable it')]);
  }
  receiver.state.behavior = 204;
  await call('PUT', `/webhooks/${id}`, { enabled: true });
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
  expect((await readWebhook(id)).disabled_reason).toBeNull();
});

describe('another organization', () => {
  test('cannot read, change, test or replay a webhook', async () => {
    const { id, url } = await addWebhook({});
    const { data } = await call<Delivery>('POST', `/webhooks/${id}/test`);
    const attempts: [Parameters<typeof call>[0], string, object?][] = [
      ['GET', ''],
      ['PUT', '', { url: 'https://evil.example/' }],
      ['DELETE', ''],
      ['POST', '/secret', {}],
      ['POST', '/test'],
      ['POST', '/replay', {}],
      ['GET', '/deliveries'],
      ['GET', `/deliveries/${data.id}`],
      ['POST', `/deliveries/${data.id}/replay`],
    ];
    for (const [method, path, body] of attempts) {
      const { status } = await call(method, `/webhooks/${id}${path}`, body, api.theirs.manager);
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    expect((await readWebhook(id)).url).toBe(url);
    expect((await call('GET', '/webhooks', undefined, api.theirs.manager)).body).not.toContain(id);
  });

  test('cannot reach a delivery through a webhook of its own', async () => {
    const { id } = await addWebhook({});
    const { data } = await call<Delivery>('POST', `/webhooks/${id}/test`);
    const own = await addWebhook({}, api.theirs.manager);
    const path = `/webhooks/${own.id}/deliveries/${data.id}`;
    expect((await call('GET', path, undefined, api.theirs.manager)).status).toBe(404);
    expect((await call('POST', `${path}/replay`, undefined, api.theirs.manager)).status).toBe(404);
  });
});

test('members and keys may not manage webhooks', async () => {
  for (const as of [api.ours.member, api.ours.byKey, api.unassigned])
    expect((await call('GET', '/webhooks', undefined, as)).status).toBe(403);
});

test('an organization can have 20 webhooks, also when they are created concurrently', async () => {
  const { orgId } = api.theirs;
  onTestFinished(() => api.db.webhook.deleteMany({ where: { orgId } }).then(() => undefined));
  const body = { url: 'https://hooks.example.com/', event_types: ['x'] };
  const responses = await Promise.all(
    Array.from({ length: 24 }, () => call('POST', '/webhooks', body, api.theirs.manager)),
  );
  expect(responses.filter(({ status }) => status === 201)).toHaveLength(20);
  const { status, error } = responses.find((response) => response.status !== 201)!;
  expect([status, error.message]).toEqual([409, expect.stringContaining('at most 20')]);
  expect(await api.db.webhook.count({ where: { orgId } })).toBe(20);
});

test.each([
  ['https://EXAMPLE.com:443/a b?c#d', 'https://example.com/a%20b?c'],
  ['http://2130706433/', 'http://127.0.0.1/'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
])('%s is stored as %s, as it will be called', async (url, normalized) => {
  expect((await addWebhook({ url })).url).toBe(normalized);
});

test.each([
  [{ url: 'ftp://hooks.example.com/' }, 'url'],
  [{ url: 'https://user:password@hooks.example.com/' }, 'url'],
  [{ url: `https://hooks.example.com/${'x'.repeat(2_048)}` }, 'url'],
  [{ event_types: [] }, 'event_types'],
  [{ secret: 'whsec_c2hvcnQ=' }, 'secret'],
  [{ secret: 'no secret' }, 'secret'],
])('POST /webhooks rejects %j', async (fields, field) => {
  const body = { url: 'https://hooks.example.com/', event_types: ['*'], ...fields };
  const { status, error } = await call('POST', '/webhooks', body);
  expect([status, error.details?.[0]?.field]).toEqual([400, field]);
});
