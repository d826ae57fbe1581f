import { startReceiver, startTestDeliveryWorker, type Receiver } from '@oriontel/notifications/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTestGateway, type ErrorBody, type TestGateway } from './testing.ts';

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
let engine: ReturnType<typeof startTestDeliveryWorker>;
beforeAll(async () => {
  gateway = await startTestGateway();
  stopWorker = gateway.startWorker();
  engine = startTestDeliveryWorker(gateway.db);
}, 60_000);
afterAll(async () => {
  await engine.stop(2_000);
  await stopWorker();
  await gateway.close();
});

interface Webhook {
  id: string;
  url: string;
  secret: string;
  enabled: boolean;
  disabled_reason: string | null;
  consecutive_failures: number;
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

async function call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object, as?: string) {
  const sent = body === undefined ? {} : { body };
  const answer = await gateway.call<{ data: T } & ErrorBody>(url, {
    method,
    as: as ?? gateway.ours.manager,
    ...sent,
  });
  return { status: answer.status, body: answer.body, data: answer.json?.data, error: answer.json?.error };
}
const secretOf = (byte: string): string => `whsec_${Buffer.from(byte.repeat(32)).toString('base64')}`;
const SECRET = secretOf('a');

async function receiverWith(answering?: Parameters<typeof startReceiver>[1]): Promise<Receiver> {
  const receiver = await startReceiver(SECRET, answering);
  onTestFinished(() => receiver.close());
  return receiver;
}
async function make(more: object, as?: string): Promise<Webhook> {
  const body = { url: 'https://hooks.example.com/', event_types: ['*'], secret: SECRET, ...more };
  const { data } = await call<Webhook>('POST', '/webhooks', body, as);
  onTestFinished(() => gateway.db.webhook.deleteMany({ where: { id: data.id } }).then(() => undefined));
  return data;
}
const entity = '/events/device/desk-phone';
async function happen(type: string, as?: string) {
  const body = { type, data: { ip: '192.0.2.7' }, notify: true };
  const answer = await gateway.call<{ event_id: string; notifications_sent: number }>(entity, {
    method: 'PUT',
    as: as ?? gateway.ours.manager,
    headers: { accept: 'application/json' },
    body,
  });
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return answer.json;
}
const deliveriesOf = async (id: string) => (await call<Delivery[]>('GET', `/webhooks/${id}/deliveries`)).data;
async function tracedOf(id: string) {
  const [newest] = await deliveriesOf(id);
  return (await call<Delivery>('GET', `/webhooks/${id}/deliveries/${newest!.id}`)).data;
}
const statesOf = async (id: string) => (await deliveriesOf(id)).map(({ state }) => state);
const patiently = { timeout: 15_000, interval: 50 };

beforeAll(async () => {
  for (const as of [gateway.ours.manager, gateway.theirs.manager])
    await call('PUT', '/entities/device/desk-phone', { name: 'Desk phone' }, as);
});

test('an event is told to the webhooks of its organization that want it, signed, and counted', async () => {
  const [wanting, other, theirs] = [await receiverWith(), await receiverWith(), await receiverWith()];
  const { id } = await make({ url: wanting.url, event_types: ['registration_failed'] });
  await make({ url: other.url, event_types: ['gateway_down'] });
  await make({ url: theirs.url }, gateway.theirs.manager);
  const { event_id, notifications_sent } = await happen('registration_failed');
  expect(notifications_sent).toBe(1);
  await expect.poll(wanting.ids, patiently).toEqual([event_id]);
  expect(wanting.got[0]!.payload).toMatchObject({
    type: 'registration_failed',
    data: { event_id, org_id: gateway.ours.orgId, entity: 'device/desk-phone', data: { ip: '192.0.2.7' } },
  });
  expect([other.got, theirs.got, wanting.state.bad]).toEqual([[], [], 0]);
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
  const traced = await tracedOf(id);
  expect(traced).toMatchObject({ event_id, attempts: 1, tries: [{ status: 204, error: null }] });
  const { data } = await call<Webhook>('GET', `/webhooks/${id}`);
  expect(data.last_success_at).toMatch(/Z$/);
});

test('a failure shows what was answered; mended, it is told at once', async () => {
  const receiver = await receiverWith((_got, response) => {
    response.writeHead(503).end('out for lunch');
  });
  const { id } = await make({ url: receiver.url });
  await happen('registration');
  await expect.poll(async () => (await tracedOf(id)).tries.length, patiently).toBeGreaterThan(0);
  const tried = { status: 503, error: 'status', response: 'out for lunch' };
  expect((await tracedOf(id)).tries.at(-1)).toMatchObject(tried);
  expect(await statesOf(id)).toEqual(['pending']);
  receiver.state.answering = 204;
  expect((await call('PUT', `/webhooks/${id}`, { url: `${receiver.url}/new` })).status).toBe(200);
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
});

test('a private address is not called where the operator has not allowed it', async () => {
  const receiver = await receiverWith();
  const guarded = startTestDeliveryWorker(gateway.db, { isGuarded: true });
  await engine.stop(2_000);
  try {
    const { id } = await make({ url: receiver.url });
    await happen('registration');
    await expect.poll(async () => (await tracedOf(id)).tries.length, patiently).toBeGreaterThan(0);
    const { tries } = await tracedOf(id);
    expect(tries[0]).toMatchObject({ status: null, error: 'private_address', response: null });
    expect(tries[0]!.detail).toContain('not public');
    expect(receiver.got).toEqual([]);
  } finally {
    await guarded.stop(2_000);
    engine = startTestDeliveryWorker(gateway.db);
  }
});

test('its secret is shown when it is made or changed, and never again', async () => {
  const made = await call<Webhook>('POST', '/webhooks', { url: 'https://a.example/', event_types: ['x'] });
  const { id, secret } = made.data;
  onTestFinished(() => gateway.db.webhook.deleteMany({ where: { id } }).then(() => undefined));
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const changed = await call<Webhook>('POST', `/webhooks/${id}/secret`, {});
  expect(changed.data.secret).not.toBe(secret);
  const given = await call<Webhook>('POST', `/webhooks/${id}/secret`, { secret: secretOf('b') });
  expect(given.data.secret).toBe(secretOf('b'));
  await call('POST', `/webhooks/${id}/test`);
  const read = [
    await call('GET', '/webhooks'),
    await call('GET', `/webhooks/${id}`),
    await call('PUT', `/webhooks/${id}`, { secret: secretOf('c') }),
    await call('GET', `/webhooks/${id}/deliveries`),
    await call('GET', `/webhooks/${id}`, undefined, gateway.admin),
  ];
  for (const { status, body } of read) {
    expect(status).toBe(200);
    expect(body).not.toMatch(/whsec_|secret/);
  }
});

test('a changed secret signs what is sent from then on', async () => {
  const receiver = await receiverWith();
  const { id } = await make({ url: receiver.url, secret: secretOf('z') });
  await call('POST', `/webhooks/${id}/test`);
  await expect.poll(() => receiver.state.bad, patiently).toBeGreaterThan(0);
  await call('POST', `/webhooks/${id}/secret`, { secret: SECRET });
  await expect
    .poll(() => receiver.got.map(({ payload }) => payload.type), patiently)
    .toEqual(['webhook.test']);
});

test('one thing, or all of it, is told again on demand', async () => {
  const receiver = await receiverWith();
  const { id } = await make({ url: receiver.url });
  const first = await happen('registration');
  const second = await happen('registration');
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered', 'delivered']);
  const [newest] = await deliveriesOf(id);
  const replayed = await call<Delivery>('POST', `/webhooks/${id}/deliveries/${newest!.id}/replay`);
  expect(replayed.data).toMatchObject({ state: 'pending', attempts: 1 });
  const ids = () => receiver.got.map((got) => got.id);
  const events = [first.event_id, second.event_id];
  await expect.poll(ids, patiently).toEqual([...events, second.event_id]);
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered', 'delivered']);
  await call('POST', `/webhooks/${id}/replay`, {});
  const all = await call<{ pending: number }>('POST', `/webhooks/${id}/replay`, { delivered: true });
  expect(all.status).toBe(200);
  await expect.poll(ids, patiently).toEqual([...events, second.event_id, ...events]);
  expect((await tracedOf(id)).tries.length).toBe(3);
});

test('a disabled one is told nothing, and says so', async () => {
  const receiver = await receiverWith(410);
  const { id } = await make({ url: receiver.url });
  await happen('registration');
  const read = async () => (await call<Webhook>('GET', `/webhooks/${id}`)).data;
  await expect.poll(async () => (await read()).enabled, patiently).toBe(false);
  expect((await read()).disabled_reason).toContain('410');
  expect((await happen('registration')).notifications_sent).toBe(0);
  const [delivery] = await deliveriesOf(id);
  for (const path of ['/replay', '/test', `/deliveries/${delivery!.id}/replay`]) {
    const body = path === '/replay' ? {} : undefined;
    const { status, error } = await call('POST', `/webhooks/${id}${path}`, body);
    expect([status, error.message]).toEqual([409, expect.stringContaining('enable it')]);
  }
  receiver.state.answering = 204;
  await call('PUT', `/webhooks/${id}`, { enabled: true });
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
  expect((await read()).disabled_reason).toBeNull();
});

describe('another organization', () => {
  test('sees, changes, tests and replays nothing of it', async () => {
    const { id, url } = await make({});
    const { data } = await call<Delivery>('POST', `/webhooks/${id}/test`);
    const tries: [Parameters<typeof call>[0], string, object?][] = [
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
    for (const [method, path, body] of tries) {
      const answer = await call(method, `/webhooks/${id}${path}`, body, gateway.theirs.manager);
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect((await call<Webhook>('GET', `/webhooks/${id}`)).data.url).toBe(url);
    expect((await call('GET', '/webhooks', undefined, gateway.theirs.manager)).body).not.toContain(id);
  });

  test("reads no delivery of another's through a webhook of its own", async () => {
    const { id } = await make({});
    const { data } = await call<Delivery>('POST', `/webhooks/${id}/test`);
    const own = await make({}, gateway.theirs.manager);
    const path = `/webhooks/${own.id}/deliveries/${data.id}`;
    expect((await call('GET', path, undefined, gateway.theirs.manager)).status).toBe(404);
    expect((await call('POST', `${path}/replay`, undefined, gateway.theirs.manager)).status).toBe(404);
  });
});

test('there are at most 20 in an organization, however many are made at once', async () => {
  const { orgId } = gateway.theirs;
  onTestFinished(() => gateway.db.webhook.deleteMany({ where: { orgId } }).then(() => undefined));
  const body = { url: 'https://hooks.example.com/', event_types: ['x'] };
  const answers = await Promise.all(
    Array.from({ length: 24 }, () => call('POST', '/webhooks', body, gateway.theirs.manager)),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  const { status, error } = answers.find((answer) => answer.status !== 201)!;
  expect([status, error.message]).toEqual([409, expect.stringContaining('at most 20')]);
  expect(await gateway.db.webhook.count({ where: { orgId } })).toBe(20);
});

test.each([
  ['https://EXAMPLE.com:443/a b?c#d', 'https://example.com/a%20b?c'],
  ['http://2130706433/', 'http://127.0.0.1/'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
])('%s is kept as it will be called', async (url, kept) => {
  expect((await make({ url })).url).toBe(kept);
});
