import { randomUUID } from 'node:crypto';
import {
  entities,
  entityEventsIntake,
  type AcceptedEvent,
  type EntityEvent,
  type Notify,
} from '@oriontel/activity';
import { createEntityEventDrain } from '@oriontel/activity/worker';
import { intakeRows } from '@oriontel/intake';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
import examples from './document-examples.json' with { type: 'json' };
import { startTestGateway, type RequestOptions, type ErrorBody, type TestGateway } from './testing.ts';

interface Created extends ErrorBody {
  status: string;
  event_id: string;
  entity: string;
  type: string;
  created_at: string;
  notifications_sent: number;
  notifications_queued?: true;
}
interface Found extends ErrorBody {
  status: string;
  entity: string;
  events: { event_id: string; type: string; timestamp: string; data: Record<string, unknown> }[];
}

/** No worker runs here, until a test starts one. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ notifyTimeoutMs: 50 });
  await seedDemoData(gateway.db);
  await seedDemoData(gateway.db);
});
afterAll(() => gateway.close());

let number = 0;
let ref: string;
beforeEach(async () => {
  ref = `device/d-${(number += 1)}`;
  await register(gateway.ours.orgId, ref);
});
function register(orgId: number, entity: string) {
  const [type, id] = entity.split('/') as [string, string];
  return entities(gateway.db).register([{ orgId, type, id }]);
}

const json = { accept: 'application/json', 'content-type': 'application/json' };
const event = (more: object = {}) => ({ type: 'device_offline', data: { reason: 'timeout' }, ...more });
function put(path: string, body: RequestOptions['body'] = event(), as = gateway.ours.manager) {
  return gateway.call<Created>(`/events/${path}`, { method: 'PUT', as, headers: json, body: body });
}
function read(path: string, as = gateway.ours.member) {
  return gateway.call<Found>(`/events/${path}`, { as, headers: { accept: 'application/json' } });
}
async function typesOf(path: string, as?: string) {
  return (await read(path, as)).json.events.map(({ type }) => type);
}
function waiting() {
  return intakeRows(gateway.db).pending<EntityEvent>(entityEventsIntake.queue.name, null, { limit: 1_000 });
}
async function me(as: string) {
  return (await gateway.call<{ data: { id: number } }>('/auth/me', { as })).json.data.id;
}
async function newKey(scopes: string[], as = gateway.ours.manager) {
  const made = await gateway.call<{ data: { key: string } }>('/api-keys', {
    as,
    body: { name: 'node', scopes },
  });
  return `Bearer ${made.json.data.key}`;
}

describe("the document's examples", () => {
  const [reading, writing] = examples.platform.filter(({ path }) => path.startsWith('/events/'));

  test('the events of an organization are those that it shows', async () => {
    const { status, json } = await gateway.call(reading!.path, { as: gateway.admin });
    expect([status, json]).toEqual([200, reading!.answer]);
  });

  test('an event is answered with its id, its time and its notifications', async () => {
    const { status, json } = await gateway.call(writing!.path, {
      method: 'PUT',
      as: gateway.admin,
      body: { ...writing!.body, notify: false },
    });
    expect([status, json]).toEqual([
      200,
      {
        ...writing!.answer,
        event_id: expect.stringMatching(/^evt-\d{8}-[0-9a-f]{23}$/) as string,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        notifications_sent: 0,
      },
    ]);
  });
});

describe('read your own writes', () => {
  test('what is accepted is found while no worker runs, and the same when it is stored', async () => {
    const first = await put(ref, event({ timestamp: '2024-01-15T12:00:00.250+02:00', surprise: 1 }));
    const second = await put(ref, event({ type: 'device_online', timestamp: null, notify: null }));
    const early = await read(ref);
    expect(early.json).toEqual({
      status: 'success',
      entity: ref,
      events: [
        {
          event_id: first.json.event_id,
          type: 'device_offline',
          timestamp: '2024-01-15T10:00:00.250Z',
          data: { reason: 'timeout' },
        },
        {
          event_id: second.json.event_id,
          type: 'device_online',
          timestamp: second.json.created_at,
          data: { reason: 'timeout' },
        },
      ],
    });
    const ids = (await waiting()).map(({ id }) => id);
    const told = { onDrained: () => undefined, onPoison: () => undefined };
    const drain = createEntityEventDrain({ db: gateway.db, notify: async () => undefined, ...told });
    for (let time = 0; time < 2; time += 1) await drain({ ids, swept: false });
    expect(await waiting()).toEqual([]);
    expect((await read(ref)).json).toEqual(early.json);
  });

  test('type, since and limit narrow it, also by an encoded slash', async () => {
    for (const [minute, type] of ['a', 'b', 'a', 'b', 'a'].entries())
      await put(ref, event({ type, timestamp: `2024-01-15T10:0${minute}:00Z`, data: { minute } }));
    async function minutes(query: string, path = ref) {
      return (await read(`${path}?${query}`)).json.events.map(({ data }) => data['minute']);
    }
    expect(await minutes('')).toEqual([0, 1, 2, 3, 4]);
    expect(await minutes('limit=2')).toEqual([3, 4]);
    expect(await minutes('since=2024-01-15T10:01:00Z&limit=2')).toEqual([1, 2]);
    expect(await minutes('since=2024-01-15T12:01:00%2B02:00')).toEqual([1, 2, 3, 4]);
    expect(await minutes('type=a&limit=2&surprise=1')).toEqual([2, 4]);
    expect(await minutes('type=nobody')).toEqual([]);
    for (const slash of ['%2F', '%2f'])
      expect(await minutes('type=b', ref.replace('/', slash))).toEqual([1, 3]);
    const encoded = await put(ref.replace('/', '%2F'), event({ type: 'c' }));
    expect(encoded.json.entity).toBe(ref);
    expect(await typesOf(`${ref}?type=c`)).toEqual(['c']);
  });
});

describe('notifications', () => {
  test('without a worker in time the event is safe, and its notifications are told as to come', async () => {
    const { status, json } = await put(ref, event({ notify: true }));
    expect([status, json.notifications_sent, json.notifications_queued]).toEqual([200, 0, true]);
    expect(await typesOf(ref)).toEqual(['device_offline']);
  });

  test('of somebody of no organization the default one is not told', async () => {
    const own = `user/${await me(gateway.loner)}`;
    const { json } = await put(own, event({ type: 'unheard', notify: true }), gateway.loner);
    expect([json.status, json.notifications_sent]).toEqual(['success', 0]);
    const accepted = (await waiting()).filter(({ payload }) => payload.type === 'unheard');
    expect(accepted.map(({ payload }) => payload.notify)).toEqual([false]);
  });

  test('without notify nobody waits and nobody is told', async () => {
    const { json } = await put(ref);
    expect(json.notifications_sent).toBe(0);
    expect(json).not.toHaveProperty('notifications_queued');
  });
});

describe('with a worker', () => {
  let other: TestGateway;
  let stopWorker: () => Promise<void>;
  const told: AcceptedEvent[] = [];
  /** Hands each over to two webhooks, and those of type `loud` by email, too. */
  const handOver: Notify = async (tx, events) => {
    told.push(...events);
    for (const { orgId, id: eventId, type, position, at: happenedAt } of events) {
      const about = { orgId, eventId, type, position, happenedAt, message: {} };
      const receivers = type === 'loud' ? ['w-1', 'w-2', 'a@example.com'] : ['w-1', 'w-2'];
      await tx.delivery.createMany({
        data: receivers.map((receiver) => ({
          ...{ ...about, id: randomUUID(), receiver },
          channel: receiver.includes('@') ? 'email' : 'webhook',
        })),
      });
    }
  };
  beforeAll(async () => {
    other = await startTestGateway({ notifyTimeoutMs: 15_000 });
    stopWorker = other.startWorker(handOver);
    await entities(other.db).register([{ orgId: other.ours.orgId, type: 'device', id: 'd' }]);
  });
  afterAll(async () => {
    await stopWorker();
    await other.close();
  });
  async function tell(body: object) {
    const { json } = await other.call<Created>('/events/device/d', {
      method: 'PUT',
      as: other.ours.manager,
      body,
    });
    return [json.status, json.notifications_sent, 'notifications_queued' in json];
  }

  test('the answer tells how many notifications were handed over, once the event is stored', async () => {
    expect(await tell(event({ type: 'a', notify: true }))).toEqual(['success', 2, false]);
    expect(await tell(event({ type: 'b', notify: false }))).toEqual(['success', 0, false]);
    expect(await tell(event({ type: 'loud', notify: true }))).toEqual(['success', 3, false]);
    expect(told.map(({ orgId, entity, type }) => [orgId, entity, type])).toEqual(
      ['a', 'loud'].map((type) => [other.ours.orgId, 'device/d', type]),
    );
    expect(told[0]!.position < told[1]!.position).toBe(true);
    const { json } = await other.call<Found>('/events/device/d', { as: other.ours.member });
    expect(json.events.map(({ type }) => type)).toEqual(['a', 'b', 'loud']);
  });

  test('where they cannot be counted the event is safe all the same, and nobody is asked to send it again', async () => {
    await other.db.$executeRaw`ALTER TABLE deliveries RENAME COLUMN event_id TO elsewhere`;
    const stop = other.startWorker(async () => undefined);
    await stopWorker();
    stopWorker = stop;
    expect(await tell(event({ type: 'uncounted', notify: true }))).toEqual(['success', 0, true]);
    await other.db.$executeRaw`ALTER TABLE deliveries RENAME COLUMN elsewhere TO event_id`;
    const { json } = await other.call<Found>('/events/device/d?type=uncounted', { as: other.ours.member });
    expect(json.events).toHaveLength(1);
  });
});

describe('who may tell of it', () => {
  test('managers, admins and keys with events:write, of what there is', async () => {
    const writers = {
      manager: gateway.ours.manager,
      admin: gateway.admin,
      key: await newKey(['events:write']),
    };
    for (const [who, as] of Object.entries(writers)) {
      expect([who, (await put(ref, event({ type: who }), as)).status]).toEqual([who, 200]);
      const unknown = await put('device/unknown', event(), as);
      expect([who, unknown.status, unknown.json.error.message]).toEqual([who, 404, 'Entity not found']);
    }
    expect(await typesOf(ref)).toEqual(['manager', 'admin', 'key']);
    expect((await read('device/unknown')).status).toBe(404);
  });

  test('a plain user, of itself alone', async () => {
    const { ours, theirs, loner } = gateway;
    const [own, colleague] = [`user/${await me(ours.member)}`, `user/${await me(ours.manager)}`];
    expect((await put(own, event({ type: 'mine' }), ours.member)).status).toBe(200);
    expect(await typesOf(own)).toEqual(['mine']);
    expect(await typesOf(own, ours.manager)).toEqual(['mine']);
    for (const other of [colleague, ref, 'device/unknown', `org/${ours.orgId}`, own.replace('/', '/0')]) {
      const { status, json } = await put(other, event(), ours.member);
      expect([other, status, json.error.message]).toEqual([
        other,
        403,
        'Not authorized to create events for this entity.',
      ]);
    }
    const alone = `user/${await me(loner)}`;
    expect((await put(alone, event({ type: 'alone' }), loner)).status).toBe(200);
    expect((await typesOf(alone, loner)).at(-1)).toBe('alone');
    expect((await typesOf(alone, gateway.admin)).at(-1)).toBe('alone');
    expect((await read(alone, ours.manager)).status).toBe(404);
    expect((await put(alone, event(), theirs.manager)).status).toBe(404);
    expect((await put(own, event(), loner)).status).toBe(403);
    const reading = await read(own, loner);
    expect([reading.status, reading.json.error.message]).toEqual([
      403,
      'Not authorized to view events for this entity.',
    ]);
  });

  test('nobody without credentials, and no key without the scope', async () => {
    for (const method of ['GET', 'PUT'] as const) {
      const body = method === 'PUT' ? { body: event() } : {};
      for (const as of [undefined, 'Bearer nonsense']) {
        const answer = await gateway.call(`/events/${ref}`, { method, as, ...body });
        expect([answer.status, answer.headers['content-type']]).toEqual([
          401,
          'application/xml; charset=utf-8',
        ]);
      }
    }
    expect((await put(ref, event(), gateway.keyWithoutScope)).status).toBe(403);
    expect((await read(ref, await newKey(['events:write']))).status).toBe(403);
  });
});

describe('whose it is', () => {
  test('two organizations with an entity of one name see each their own, and no other', async () => {
    const { ours, theirs, admin } = gateway;
    expect((await put(ref, event(), theirs.manager)).status).toBe(404);
    expect((await read(ref, theirs.member)).status).toBe(404);
    await put(ref, event({ type: 'ours' }));
    await register(theirs.orgId, ref);
    await put(ref, event({ type: 'theirs' }), theirs.manager);
    expect([await typesOf(ref), await typesOf(ref, theirs.member)]).toEqual([['ours'], ['theirs']]);
    expect((await put(`${ref}?org_id=${theirs.orgId}`)).status).toBe(403);
    expect((await read(`${ref}?org_id=${theirs.orgId}`)).status).toBe(403);
    const key = await newKey(['events:write'], theirs.manager);
    expect((await put(`${ref}?org_id=${ours.orgId}`, event(), key)).status).toBe(403);
    for (const answer of [await put(ref, event(), admin), await read(ref, admin)])
      expect([answer.status, answer.json.error.details?.[0]?.field]).toEqual([400, 'org_id']);
    expect((await put(`${ref}?org_id=${theirs.orgId}`, event({ type: 'by-admin' }), admin)).status).toBe(200);
    expect(await typesOf(ref, theirs.member)).toEqual(['theirs', 'by-admin']);
    expect(await typesOf(ref)).toEqual(['ours']);
    expect((await put(`${ref}?org_id=2147483647`, event(), admin)).status).toBe(404);
  });

  test('users, organizations and extensions are those that there are', async () => {
    const { ours, theirs } = gateway;
    const body = { extension_number: '78', name: 'x', extension_type: 'sip', config_data: {} };
    await gateway.call('/extensions', { as: ours.manager, body });
    for (const known of [`user/${await me(ours.member)}`, `org/${ours.orgId}`, 'extension/78']) {
      expect([known, (await put(known)).status]).toEqual([known, 200]);
      expect([known, (await put(known, event(), theirs.manager)).status]).toEqual([known, 404]);
      expect([known, (await read(known, theirs.manager)).status]).toEqual([known, 404]);
    }
    for (const unknown of [`user/${await me(theirs.member)}`, 'user/x', 'org/1', 'extension/0']) {
      expect([unknown, (await put(unknown)).status]).toEqual([unknown, 404]);
      expect([unknown, (await read(unknown)).status]).toEqual([unknown, 404]);
    }
  });
});

describe('what cannot be', () => {
  test.each([
    '',
    '/',
    'device',
    'device/',
    'a/b/c',
    'a%20b/c',
    'device/%00',
    'device%2Fa%2Fb',
    '%252F',
    'device/..%2F',
    '..%2F..%2Fetc%2Fpasswd',
    "device/x';DROP%20TABLE%20entity_events;--",
    'device/%F0%9F%93%9E',
    `device/${'x'.repeat(65)}`,
    'imports/1',
  ])('the entity %j is 400 to readers and writers', async (path) => {
    for (const { status, json } of [await read(path), await put(path)])
      expect([status, json.error?.details?.[0]?.field]).toEqual([400, 'entity']);
  });

  test.each([
    ['type', "x' OR '1'='1"],
    ['type', ''],
    ['type', '%'.repeat(3)],
    ['type', 'x'.repeat(65)],
    ['since', '2024-01-15'],
    ['since', '2024-01-15T10:00:00'],
    ['since', '2024-02-30T10:00:00Z'],
    ['since', '0000-01-01T00:00:00Z'],
    ['since', '2024-01-15T10:00:00Z; SELECT pg_sleep(10)'],
    ['since', '\0'],
    ['limit', '0'],
    ['limit', '501'],
    ['limit', '1e9'],
    ['limit', '-1'],
    ['limit', '1;DROP TABLE entity_events'],
    ['org_id', '1 OR 1=1'],
  ])('the query %s=%j is 400', async (name, value) => {
    const { status, json } = await read(`${ref}?${name}=${encodeURIComponent(value)}`);
    expect([status, json.error.details?.[0]?.field]).toEqual([400, name]);
  });

  test('the query twice is 400', async () => {
    expect((await read(`${ref}?type=a&type=b`)).status).toBe(400);
  });

  const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const withData = (data: string) => `{"type":"t","data":${data}}`;
  test.each<[string, string | Buffer, number, string]>([
    ['nothing', '', 400, ''],
    ['no JSON', '{"type":', 400, ''],
    ['null', 'null', 400, ''],
    ['a list', '[]', 400, ''],
    ['an empty object', '{}', 400, 'type'],
    ['a type with a NUL', '{"type":"a\\u0000","data":{}}', 400, 'type'],
    ['a type of an object', '{"type":{"toString":"x"},"data":{}}', 400, 'type'],
    ['no data', '{"type":"t"}', 400, 'data'],
    ['data of null', withData('null'), 400, 'data'],
    ['data that are a text', withData('"x"'), 400, 'data'],
    ['a NUL', withData('{"a":"\\u0000"}'), 400, 'data'],
    ['a NUL in a name', withData('{"\\u0000":1}'), 400, 'data'],
    ['half a character', withData('{"a":["\\ud800"]}'), 400, 'data'],
    ['__proto__', withData('{"__proto__":{"isAdmin":true}}'), 400, ''],
    ['__proto__ further down', withData('{"a":[{"__proto__":{"isAdmin":true}}]}'), 400, ''],
    ['a constructor', withData('{"constructor":{"prototype":{"isAdmin":true}}}'), 400, ''],
    ['a huge number', withData('{"a":[1e400]}'), 400, 'data'],
    ['a huge number below none', withData('{"a":{"b":-1e400}}'), 400, 'data'],
    ['deep data', withData(`{"a":${nest(40)}}`), 400, 'data'],
    ['data deeper than any stack', withData(`{"a":${nest(400_000)}}`), 400, 'data'],
    ['large data', withData(`{"a":"${'x'.repeat(70_000)}"}`), 400, 'data'],
    ['more than a megabyte', withData(`{"a":"${'x'.repeat(1_100_000)}"}`), 413, ''],
    ['a time without offset', '{"type":"t","data":{},"timestamp":"2024-01-15T10:00:00"}', 400, 'timestamp'],
    ['a number for a time', '{"type":"t","data":{},"timestamp":1705312800}', 400, 'timestamp'],
    ['what is to come', '{"type":"t","data":{},"timestamp":"2999-01-15T10:00:00Z"}', 400, 'timestamp'],
    ['a notify that is none', '{"type":"t","data":{},"notify":"true"}', 400, 'notify'],
  ])('a body of %s is %3$i', async (_what, body, expected, field) => {
    const { status, json } = await put(ref, body);
    expect([status, json.error?.details?.[0]?.field ?? '']).toEqual([expected, field]);
    expect({}).not.toHaveProperty('isAdmin');
    expect(await typesOf(ref)).toEqual([]);
  });

  test('data of every kind that can be kept are kept as they were sent', async () => {
    const data = {
      text: `'; DROP TABLE entity_events; -- \u202e📞`,
      nested: { a: [1, -0.5, 1.7e308, true, null, { toJSON: 'x', hasOwnProperty: 1 }] },
      '': 'no name',
    };
    await put(ref, event({ data, timestamp: new Date(Date.now() + 3_600_000).toISOString() }));
    expect((await read(ref)).json.events[0]!.data).toEqual(data);
  });

  test('errors are XML for whoever does not ask for JSON, and other media types are 415', async () => {
    const { ours } = gateway;
    const answer = await gateway.call('/events/device/unknown', { as: ours.member });
    expect([answer.status, answer.headers['content-type']]).toEqual([404, 'application/xml; charset=utf-8']);
    expect(answer.body).toContain('<message>Entity not found</message>');
    const headers = { 'content-type': 'text/plain' };
    const text = await gateway.call(`/events/${ref}`, {
      method: 'PUT',
      as: ours.manager,
      headers,
      body: 'x',
    });
    expect(text.status).toBe(415);
  });
});
