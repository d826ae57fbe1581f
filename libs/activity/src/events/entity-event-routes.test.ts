import { intakeRows } from '@oriontel/intake';
import { keyWith, testUserId, type ErrorBody, type TestRequest } from '@oriontel/service/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entities } from '../entities/entity.repository.ts';
import { createTestActivity, type TestActivity } from '../testing.ts';
import { createEntityEventDrain } from '../worker.ts';
import type { AcceptedEvent, EntityEvent } from './entity-event.ts';
import { entityEventsIntake } from './entity-events-intake.ts';
import type { Notify } from './store-entity-events.ts';

interface CreatedBody extends ErrorBody {
  status: string;
  event_id: string;
  entity: string;
  type: string;
  created_at: string;
  notifications_sent: number;
  notifications_queued?: true;
}
interface FoundBody extends ErrorBody {
  status: string;
  entity: string;
  events: { event_id: string; type: string; timestamp: string; data: Record<string, unknown> }[];
}

/** No worker runs, so accepted events stay pending. */
let activity: TestActivity;
beforeAll(async () => {
  activity = await createTestActivity({ notifyTimeoutMs: 50 });
});
afterAll(() => activity.close());

let number = 0;
let ref: string;
beforeEach(async () => {
  ref = `device/d-${(number += 1)}`;
  await register(activity.ours.orgId, ref);
});
function register(orgId: number, entity: string) {
  const [type, id] = entity.split('/') as [string, string];
  return entities(activity.db).register([{ orgId, type, id }]);
}

const json = { accept: 'application/json', 'content-type': 'application/json' };
const event = (more: object = {}) => ({ type: 'device_offline', data: { reason: 'timeout' }, ...more });
function put(path: string, body: TestRequest['body'] = event(), as = activity.ours.manager) {
  return activity.call<CreatedBody>(`/events/${path}`, { method: 'PUT', as, headers: json, body });
}
function read(path: string, as = activity.ours.member) {
  return activity.call<FoundBody>(`/events/${path}`, { as, headers: { accept: 'application/json' } });
}
async function typesOf(path: string, as?: string) {
  return (await read(path, as)).json.events.map(({ type }) => type);
}
function pending() {
  return intakeRows(activity.db).pending<EntityEvent>(entityEventsIntake.queue.name, null, { limit: 1_000 });
}

/** The body that the platform document shows, without notifications. */
const documentedEvent = {
  type: 'device_offline',
  data: {
    device_id: 'dev-001',
    device_name: 'Desk Phone',
    last_seen: '2024-01-15T09:45:00Z',
    reason: 'timeout',
  },
  notify: false,
};

const userRefs = {
  manager: `user/${testUserId('ours-manager')}`,
  member: `user/${testUserId('ours-user')}`,
  theirMember: `user/${testUserId('theirs-user')}`,
  unassigned: `user/${testUserId('unassigned')}`,
};

test('PUT /events responds with the id, the time and the number of notifications', async () => {
  const { status, json } = await put('org/1', documentedEvent, activity.admin);
  expect([status, json]).toEqual([
    200,
    {
      status: 'success',
      event_id: expect.stringMatching(/^evt-\d{8}-[0-9a-f]{23}$/) as string,
      entity: 'org/1',
      type: 'device_offline',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      notifications_sent: 0,
    },
  ]);
});

describe('read your own writes', () => {
  test('GET /events returns an accepted event before and after it is stored', async () => {
    const first = await put(ref, event({ timestamp: '2024-01-15T12:00:00.250+02:00', unknown: 1 }));
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
    const ids = (await pending()).map(({ id }) => id);
    const hooks = { onDrained: () => undefined, onPoison: () => undefined };
    const drain = createEntityEventDrain({ db: activity.db, notify: async () => undefined, ...hooks });
    for (let time = 0; time < 2; time += 1) await drain({ ids, swept: false });
    expect(await pending()).toEqual([]);
    expect((await read(ref)).json).toEqual(early.json);
  });

  test('GET /events filters by type, since and limit, also with an encoded slash', async () => {
    for (const [minute, type] of ['a', 'b', 'a', 'b', 'a'].entries())
      await put(ref, event({ type, timestamp: `2024-01-15T10:0${minute}:00Z`, data: { minute } }));
    async function minutes(query: string, path = ref) {
      return (await read(`${path}?${query}`)).json.events.map(({ data }) => data['minute']);
    }
    expect(await minutes('')).toEqual([0, 1, 2, 3, 4]);
    expect(await minutes('limit=2')).toEqual([3, 4]);
    expect(await minutes('since=2024-01-15T10:01:00Z&limit=2')).toEqual([1, 2]);
    expect(await minutes('since=2024-01-15T12:01:00%2B02:00')).toEqual([1, 2, 3, 4]);
    expect(await minutes('type=a&limit=2&unknown=1')).toEqual([2, 4]);
    expect(await minutes('type=unused')).toEqual([]);
    for (const slash of ['%2F', '%2f'])
      expect(await minutes('type=b', ref.replace('/', slash))).toEqual([1, 3]);
    const encoded = await put(ref.replace('/', '%2F'), event({ type: 'c' }));
    expect(encoded.json.entity).toBe(ref);
    expect(await typesOf(`${ref}?type=c`)).toEqual(['c']);
  });
});

describe('notifications', () => {
  test('PUT /events responds with notifications_queued if no worker stores the event in time', async () => {
    const { status, json } = await put(ref, event({ notify: true }));
    expect([status, json.notifications_sent, json.notifications_queued]).toEqual([200, 0, true]);
    expect(await typesOf(ref)).toEqual(['device_offline']);
  });

  test('an event of a user without organization is accepted without notifications', async () => {
    const own = userRefs.unassigned;
    const { json } = await put(own, event({ type: 'unassigned', notify: true }), activity.unassigned);
    expect([json.status, json.notifications_sent]).toEqual(['success', 0]);
    const accepted = (await pending()).filter(({ payload }) => payload.type === 'unassigned');
    expect(accepted.map(({ payload }) => payload.notify)).toEqual([false]);
  });

  test('without notify the response has no notifications_queued', async () => {
    const { json } = await put(ref);
    expect(json.notifications_sent).toBe(0);
    expect(json).not.toHaveProperty('notifications_queued');
  });
});

describe('with a worker', () => {
  let other: TestActivity;
  let stopWorker: () => Promise<void>;
  const notified: AcceptedEvent[] = [];
  const deliveryCounts = new Map<string, number>();
  /** Records two deliveries for each event, and three for those of type `loud`. */
  const notify: Notify = async (_tx, events) => {
    notified.push(...events);
    for (const { orgId, id, type } of events) deliveryCounts.set(`${orgId}/${id}`, type === 'loud' ? 3 : 2);
  };
  async function countDeliveries(orgId: number, eventId: string): Promise<number> {
    const count = deliveryCounts.get(`${orgId}/${eventId}`);
    if (count === undefined) throw new Error('deliveries cannot be counted');
    return count;
  }
  beforeAll(async () => {
    other = await createTestActivity({ notifyTimeoutMs: 15_000, countDeliveries });
    stopWorker = other.startWorker(notify);
    await entities(other.db).register([{ orgId: other.ours.orgId, type: 'device', id: 'd' }]);
  });
  afterAll(async () => {
    await stopWorker();
    await other.close();
  });
  async function putEvent(body: object) {
    const { json } = await other.call<CreatedBody>('/events/device/d', {
      method: 'PUT',
      as: other.ours.manager,
      body,
    });
    return [json.status, json.notifications_sent, 'notifications_queued' in json];
  }

  test('notifications_sent is the number of deliveries of the stored event', async () => {
    expect(await putEvent(event({ type: 'a', notify: true }))).toEqual(['success', 2, false]);
    expect(await putEvent(event({ type: 'b', notify: false }))).toEqual(['success', 0, false]);
    expect(await putEvent(event({ type: 'loud', notify: true }))).toEqual(['success', 3, false]);
    expect(notified.map(({ orgId, entity, type }) => [orgId, entity, type])).toEqual(
      ['a', 'loud'].map((type) => [other.ours.orgId, 'device/d', type]),
    );
    expect(notified[0]!.position < notified[1]!.position).toBe(true);
    const { json } = await other.call<FoundBody>('/events/device/d', { as: other.ours.member });
    expect(json.events.map(({ type }) => type)).toEqual(['a', 'b', 'loud']);
  });

  test('PUT /events succeeds with notifications_queued if deliveries cannot be counted', async () => {
    const stopSilentWorker = other.startWorker();
    await stopWorker();
    stopWorker = stopSilentWorker;
    expect(await putEvent(event({ type: 'uncounted', notify: true }))).toEqual(['success', 0, true]);
    const { json } = await other.call<FoundBody>('/events/device/d?type=uncounted', {
      as: other.ours.member,
    });
    expect(json.events).toHaveLength(1);
  });
});

describe('authorization', () => {
  test('managers, admins and keys with events:write create events of existing entities', async () => {
    const writers = {
      manager: activity.ours.manager,
      admin: activity.admin,
      key: keyWith(['events:write']),
    };
    for (const [who, as] of Object.entries(writers)) {
      expect([who, (await put(ref, event({ type: who }), as)).status]).toEqual([who, 200]);
      const unknown = await put('device/unknown', event(), as);
      expect([who, unknown.status, unknown.json.error.message]).toEqual([who, 404, 'Entity not found']);
    }
    expect(await typesOf(ref)).toEqual(['manager', 'admin', 'key']);
    expect((await read('device/unknown')).status).toBe(404);
  });

  test('a plain user creates and reads events of itself only', async () => {
    const { ours, theirs, unassigned } = activity;
    const [own, colleague] = [userRefs.member, userRefs.manager];
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
    const alone = userRefs.unassigned;
    expect((await put(alone, event({ type: 'alone' }), unassigned)).status).toBe(200);
    expect((await typesOf(alone, unassigned)).at(-1)).toBe('alone');
    expect((await typesOf(alone, activity.admin)).at(-1)).toBe('alone');
    expect((await read(alone, ours.manager)).status).toBe(404);
    expect((await put(alone, event(), theirs.manager)).status).toBe(404);
    expect((await put(own, event(), unassigned)).status).toBe(403);
    const reading = await read(own, unassigned);
    expect([reading.status, reading.json.error.message]).toEqual([
      403,
      'Not authorized to view events for this entity.',
    ]);
  });

  test('requests without credentials are 401, keys without the scope 403', async () => {
    for (const method of ['GET', 'PUT'] as const) {
      const body = method === 'PUT' ? { body: event() } : {};
      for (const as of [undefined, 'Bearer nonsense']) {
        const response = await activity.call(`/events/${ref}`, { method, as, ...body });
        expect([response.status, response.headers['content-type']]).toEqual([
          401,
          'application/xml; charset=utf-8',
        ]);
      }
    }
    expect((await put(ref, event(), keyWith(['logs:write']))).status).toBe(403);
    expect((await read(ref, keyWith(['events:write']))).status).toBe(403);
  });
});

describe('the organization of an entity', () => {
  test('organizations with an entity of the same id read and write their own events only', async () => {
    const { ours, theirs, admin } = activity;
    expect((await put(ref, event(), theirs.manager)).status).toBe(404);
    expect((await read(ref, theirs.member)).status).toBe(404);
    await put(ref, event({ type: 'ours' }));
    await register(theirs.orgId, ref);
    await put(ref, event({ type: 'theirs' }), theirs.manager);
    expect([await typesOf(ref), await typesOf(ref, theirs.member)]).toEqual([['ours'], ['theirs']]);
    expect((await put(`${ref}?org_id=${theirs.orgId}`)).status).toBe(403);
    expect((await read(`${ref}?org_id=${theirs.orgId}`)).status).toBe(403);
    const key = keyWith(['events:write'], 'theirs');
    expect((await put(`${ref}?org_id=${ours.orgId}`, event(), key)).status).toBe(403);
    for (const response of [await put(ref, event(), admin), await read(ref, admin)])
      expect([response.status, response.json.error.details?.[0]?.field]).toEqual([400, 'org_id']);
    expect((await put(`${ref}?org_id=${theirs.orgId}`, event({ type: 'by-admin' }), admin)).status).toBe(200);
    expect(await typesOf(ref, theirs.member)).toEqual(['theirs', 'by-admin']);
    expect(await typesOf(ref)).toEqual(['ours']);
    expect((await put(`${ref}?org_id=2147483647`, event(), admin)).status).toBe(404);
  });

  test('users, organizations and extensions must exist in the organization', async () => {
    const { ours, theirs } = activity;
    activity.addExtension(ours.orgId, '78');
    for (const known of [userRefs.member, `org/${ours.orgId}`, 'extension/78']) {
      expect([known, (await put(known)).status]).toEqual([known, 200]);
      expect([known, (await put(known, event(), theirs.manager)).status]).toEqual([known, 404]);
      expect([known, (await read(known, theirs.manager)).status]).toEqual([known, 404]);
    }
    for (const unknown of [userRefs.theirMember, 'user/x', 'org/1', 'extension/0']) {
      expect([unknown, (await put(unknown)).status]).toEqual([unknown, 404]);
      expect([unknown, (await read(unknown)).status]).toEqual([unknown, 404]);
    }
  });
});

describe('invalid input', () => {
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
  ])('the entity %j is 400 for GET and PUT', async (path) => {
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

  test('a repeated query parameter is 400', async () => {
    expect((await read(`${ref}?type=a&type=b`)).status).toBe(400);
  });

  const nest = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const withData = (data: string) => `{"type":"t","data":${data}}`;
  test.each<[string, string | Buffer, number, string]>([
    ['an empty text', '', 400, ''],
    ['truncated JSON', '{"type":', 400, ''],
    ['null', 'null', 400, ''],
    ['a list', '[]', 400, ''],
    ['an empty object', '{}', 400, 'type'],
    ['a type with a NUL', '{"type":"a\\u0000","data":{}}', 400, 'type'],
    ['a type of an object', '{"type":{"toString":"x"},"data":{}}', 400, 'type'],
    ['no data', '{"type":"t"}', 400, 'data'],
    ['data of null', withData('null'), 400, 'data'],
    ['data that are a string', withData('"x"'), 400, 'data'],
    ['a NUL', withData('{"a":"\\u0000"}'), 400, 'data'],
    ['a NUL in a name', withData('{"\\u0000":1}'), 400, 'data'],
    ['a lone surrogate', withData('{"a":["\\ud800"]}'), 400, 'data'],
    ['__proto__', withData('{"__proto__":{"isAdmin":true}}'), 400, ''],
    ['a nested __proto__', withData('{"a":[{"__proto__":{"isAdmin":true}}]}'), 400, ''],
    ['a constructor', withData('{"constructor":{"prototype":{"isAdmin":true}}}'), 400, ''],
    ['a huge number', withData('{"a":[1e400]}'), 400, 'data'],
    ['a huge negative number', withData('{"a":{"b":-1e400}}'), 400, 'data'],
    ['deep data', withData(`{"a":${nest(40)}}`), 400, 'data'],
    ['data nested 400,000 levels deep', withData(`{"a":${nest(400_000)}}`), 400, ''],
    ['large data', withData(`{"a":"${'x'.repeat(70_000)}"}`), 400, 'data'],
    ['more than a megabyte', withData(`{"a":"${'x'.repeat(1_100_000)}"}`), 413, ''],
    ['a time without offset', '{"type":"t","data":{},"timestamp":"2024-01-15T10:00:00"}', 400, 'timestamp'],
    ['a numeric time', '{"type":"t","data":{},"timestamp":1705312800}', 400, 'timestamp'],
    ['a time in the future', '{"type":"t","data":{},"timestamp":"2999-01-15T10:00:00Z"}', 400, 'timestamp'],
    ['a notify that is not boolean', '{"type":"t","data":{},"notify":"true"}', 400, 'notify'],
  ])('a body of %s is %3$i', async (_case, body, expected, field) => {
    const { status, json } = await put(ref, body);
    expect([status, json.error?.details?.[0]?.field ?? '']).toEqual([expected, field]);
    expect({}).not.toHaveProperty('isAdmin');
    expect(await typesOf(ref)).toEqual([]);
  });

  test('data of every JSON type are returned as sent', async () => {
    const data = {
      text: `'; DROP TABLE entity_events; -- \u202e📞`,
      nested: { a: [1, -0.5, 1.7e308, true, null, { toJSON: 'x', hasOwnProperty: 1 }] },
      '': 'no name',
    };
    await put(ref, event({ data, timestamp: new Date(Date.now() + 3_600_000).toISOString() }));
    expect((await read(ref)).json.events[0]!.data).toEqual(data);
  });

  test('errors are XML unless JSON is requested, and other media types are 415', async () => {
    const { ours } = activity;
    const response = await activity.call('/events/device/unknown', { as: ours.member });
    expect([response.status, response.headers['content-type']]).toEqual([
      404,
      'application/xml; charset=utf-8',
    ]);
    expect(response.body).toContain('<message>Entity not found</message>');
    const headers = { 'content-type': 'text/plain' };
    const text = await activity.call(`/events/${ref}`, {
      method: 'PUT',
      as: ours.manager,
      headers,
      body: 'x',
    });
    expect(text.status).toBe(415);
  });
});
