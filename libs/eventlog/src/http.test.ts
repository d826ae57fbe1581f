import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testUserId, type ErrorBody } from '@oriontel/service/testing';
import { seedEvents } from './events/seed-events.ts';
import { buildEvent, createTestEventlog, DOCUMENT_ORG_ID, type TestEventlog } from './testing.ts';

interface Created {
  event_log_id: string;
}
interface Entry extends Created {
  description: string;
  severity: string;
  created_at: string;
  actor: { id?: number; type: string; name?: string; email?: string };
  resource?: object;
}
interface Found {
  status: string;
  pagination: {
    page: number;
    per_page: number;
    total_records: number;
    total_pages: number;
    next_cursor: string | null;
  };
  results: Entry[];
}

/** The request bodies of the platform document. */
const EXAMPLE = {
  event_type: 'config_change',
  severity: 'info',
  actor_id: 67890,
  actor_type: 'user',
  resource_type: 'dialplan',
  resource_id: 'dp-001',
  description: 'Updated outbound dialing rules',
  metadata: {
    previous_value: 'old_rule',
    new_value: 'new_rule',
    fields_changed: ['destination_pattern', 'priority'],
  },
  ip_address: '192.168.1.100',
};
const SEARCH = {
  event_types: ['config_change', 'security'],
  severities: ['warning', 'error', 'critical'],
  date_from: '2024-01-01T00:00:00Z',
  date_to: '2024-01-15T23:59:59Z',
  page: 1,
  per_page: 25,
  sort_by: 'created_at',
  sort_order: 'desc',
};

const documentEvents = [
  buildEvent({
    id: 'evt-20240115-abc123',
    orgId: DOCUMENT_ORG_ID,
    createdAt: new Date('2024-01-15T11:30:00Z'),
    actorType: 'user',
    actorId: EXAMPLE.actor_id,
    resourceType: EXAMPLE.resource_type,
    resourceId: EXAMPLE.resource_id,
    metadata: EXAMPLE.metadata,
    ipAddress: EXAMPLE.ip_address,
    userAgent: 'Mozilla/5.0...',
  }),
  buildEvent({
    id: 'evt-20240115-def456',
    orgId: DOCUMENT_ORG_ID,
    createdAt: new Date('2024-01-15T10:45:00Z'),
    eventType: 'security',
    severity: 'warning',
    description: 'Failed login attempt from unknown IP',
    ipAddress: '203.0.113.50',
  }),
];

let eventlog: TestEventlog;
let ours: string;
beforeAll(async () => {
  eventlog = await createTestEventlog();
  await seedEvents(eventlog.db, documentEvents);
  ours = `/eventlog/${eventlog.ours.orgId}`;
});
afterAll(() => eventlog.close());

function put(body: object, as = eventlog.ours.manager, url = ours, headers: Record<string, string> = {}) {
  return eventlog.call<Created>(url, { method: 'PUT', as, body, headers });
}
function get(id: string, as = eventlog.ours.manager, url = ours) {
  return eventlog.call<Entry>(`${url}/${id}`, { as });
}
function post(body: object, as = eventlog.ours.manager, url = ours) {
  return eventlog.call<Found>(url, { method: 'POST', as, body });
}
const newEvent = (more: object = {}) => ({ event_type: 'note', description: 'Something happened', ...more });
async function readBack(more: object, as?: string) {
  return (await get((await put(newEvent(more), as)).json.event_log_id)).json;
}

describe('the examples of the platform document, by an admin', () => {
  const demo = `/eventlog/${DOCUMENT_ORG_ID}`;

  test('PUT returns the documented response', async () => {
    const { status, json, headers } = await put(EXAMPLE, eventlog.admin, demo);
    expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('application/json')]);
    expect(json).toEqual({
      status: 'success',
      event_log_id: expect.stringMatching(/^evt-\d{8}-[0-9a-f]{23}$/) as string,
      org_id: 12345,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/) as string,
      event_type: 'config_change',
      severity: 'info',
    });
  });

  test('GET returns the documented response, with the names of user and resource', async () => {
    const { status, json } = await get('evt-20240115-abc123', eventlog.admin, demo);
    expect(status).toBe(200);
    const { severity: _, ...shown } = EXAMPLE;
    expect(json).toEqual({
      event_log_id: 'evt-20240115-abc123',
      org_id: 12345,
      event_type: 'config_change',
      severity: 'info',
      actor: { id: 67890, type: 'user', name: 'John Smith', email: 'john.smith@example.com' },
      resource: { type: 'dialplan', id: 'dp-001', name: 'Main Outbound Plan' },
      description: shown.description,
      metadata: shown.metadata,
      ip_address: shown.ip_address,
      user_agent: 'Mozilla/5.0...',
      created_at: '2024-01-15T11:30:00Z',
    });
  });

  test('POST returns the documented response; only GET shows the email of the actor', async () => {
    const { status, json } = await post(SEARCH, eventlog.admin, demo);
    expect(status).toBe(200);
    expect(json).toEqual({
      status: 'success',
      pagination: { page: 1, per_page: 25, total_records: 1, total_pages: 1, next_cursor: null },
      results: [
        {
          event_log_id: 'evt-20240115-def456',
          event_type: 'security',
          severity: 'warning',
          description: 'Failed login attempt from unknown IP',
          actor: { type: 'system' },
          ip_address: '203.0.113.50',
          created_at: '2024-01-15T10:45:00Z',
        },
      ],
    });
    const both = await post({ date_to: SEARCH.date_to }, eventlog.admin, demo);
    expect(both.json.results).toMatchObject([
      { event_log_id: 'evt-20240115-abc123', actor: { id: 67890, type: 'user', name: 'John Smith' } },
      { event_log_id: 'evt-20240115-def456' },
    ]);
    expect(both.json.results[0]!.actor).not.toHaveProperty('email');
  });
});

describe('the actor', () => {
  test('is the user of the request by default', async () => {
    expect((await readBack({})).actor).toMatchObject({
      id: expect.any(Number) as number,
      type: 'user',
      name: 'ours-manager',
      email: 'ours-manager@example.com',
    });
    expect((await readBack({}, eventlog.ours.member)).actor).toMatchObject({ name: 'ours-user' });
  });

  test('can be any user for managers and admins, and only the own user for users', async () => {
    const { id } = (await readBack({}, eventlog.ours.member)).actor;
    for (const as of [eventlog.ours.manager, eventlog.admin])
      expect((await readBack({ actor_id: id }, as)).actor).toMatchObject({ id, name: 'ours-user' });
    expect((await readBack({ actor_id: id }, eventlog.ours.member)).actor).toMatchObject({ id });
    const refused = await put(newEvent({ actor_id: id! - 1 }), eventlog.ours.member);
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('actor_id')]);
  });

  test('has no name if the user is unknown in the organization, so that ids reveal no names', async () => {
    const id = testUserId('theirs-manager');
    expect((await readBack({ actor_id: id })).actor).toEqual({ id, type: 'user' });
    expect((await readBack({ actor_id: 2_000_000_000 })).actor).toEqual({ id: 2_000_000_000, type: 'user' });
    expect((await readBack({ resource_type: 'dialplan', resource_id: 'dp-001' })).resource).toEqual({
      type: 'dialplan',
      id: 'dp-001',
    });
  });
});

describe('a written event', () => {
  test('is readable before it is stored and searchable afterwards; unknown fields are ignored', async () => {
    const body = {
      ...EXAMPLE,
      actor_id: undefined,
      description: 'Read your own writes',
      surprise: { a: 1 },
      org_id: 1,
    };
    const agent = { 'user-agent': 'OrionTel tests' };
    const { json } = await put(body, eventlog.ours.manager, ours, agent);
    expect(await eventlog.db.auditEvent.count({ where: { orgId: eventlog.ours.orgId } })).toBe(0);
    const pending = (await get(json.event_log_id)).json;
    expect(pending).toMatchObject({
      description: body.description,
      metadata: EXAMPLE.metadata,
      user_agent: agent['user-agent'],
    });
    expect(pending).not.toHaveProperty('surprise');

    await eventlog.drainIntake();
    expect((await post({ search_text: 'WRITES own' })).json.results).toMatchObject([
      { event_log_id: json.event_log_id },
    ]);
    expect((await get(json.event_log_id)).json).toEqual(pending);
  });

  test('is visible to managers of its organization and admins only', async () => {
    const { json } = await put(newEvent());
    const { theirs, admin } = eventlog;
    const other = `/eventlog/${theirs.orgId}`;
    expect((await get(json.event_log_id, theirs.manager)).status).toBe(403);
    expect((await get(json.event_log_id, theirs.manager, other)).status).toBe(404);
    expect((await get(json.event_log_id, admin)).status).toBe(200);
    expect((await get(json.event_log_id, admin, other)).status).toBe(404);
    expect((await get(json.event_log_id, eventlog.ours.member)).status).toBe(403);
    expect((await put(newEvent(), theirs.manager)).status).toBe(403);
    expect((await post({}, theirs.manager)).status).toBe(403);
  });

  test.each([
    ['markup and SQL', `<script>alert(1)</script> '; DROP TABLE audit_events; -- " \\ \n`],
    ['an emoji', '📞 ☎️'],
    ['4,096 characters', '𠮷'.repeat(2_048)],
  ])('keeps any description: %s', async (_what, description) => {
    expect((await readBack({ description })).description).toBe(description);
  });

  test('has its User-Agent truncated to 512 characters', async () => {
    const { json } = await put(newEvent(), eventlog.ours.manager, ours, { 'user-agent': 'x'.repeat(5_000) });
    expect((await get(json.event_log_id)).json).toMatchObject({ user_agent: 'x'.repeat(512) });
  });
});

describe('POST /eventlog/:orgId', () => {
  test.each([undefined, {}, 'null'])('with the body %j returns everything', async (body) => {
    const headers: Record<string, string> =
      typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const response = await eventlog.call<Found>(ours, {
      method: 'POST',
      as: eventlog.ours.manager,
      headers,
      ...(body !== undefined && { body }),
    });
    expect([response.status, response.json.pagination]).toMatchObject([200, { page: 1, per_page: 50 }]);
  });

  test.each([
    `' OR 1=1 --`,
    `"); DROP TABLE audit_events; --`,
    '../../etc/passwd',
    '%00',
    '\0',
    '\ud800',
    '& | ! ( :*',
    '$1',
    '\\',
  ])('with search_text %j returns nothing', async (search_text) => {
    const { status, json } = await post({ search_text });
    expect([status, json.results]).toEqual([200, []]);
  });

  test.each([
    ['date_to', { date_from: '2024-01-02T00:00:00Z', date_to: '2024-01-01T00:00:00Z' }],
    ['page', { page: 101, per_page: 100 }],
  ])('is 400 and names %s for %j', async (field, body) => {
    const headers = { accept: 'application/json' };
    const request = { method: 'POST', as: eventlog.ours.manager, body, headers } as const;
    const { status, json } = await eventlog.call<ErrorBody>(ours, request);
    expect([status, json.error.details]).toMatchObject([400, [{ field }]]);
  });

  test('ignores unknown fields', async () => {
    expect((await post({ surprise: 1, org_id: 1, limit: 3 })).status).toBe(200);
  });
});

describe('errors', () => {
  function expectXml(
    response: { status: number; body: string; headers: Record<string, string | undefined> },
    status: number,
    message: string,
  ) {
    expect([response.status, response.headers['content-type']]).toEqual([
      status,
      expect.stringContaining('application/xml'),
    ]);
    expect(response.body).toContain(`<code>${status}</code>`);
    expect(response.body).toContain(message);
  }

  test('are XML by default, from 400 to 404', async () => {
    const nowhere = '/eventlog/2147483647';
    const { admin, theirs } = eventlog;
    expectXml(await put({}), 400, 'event_type');
    expectXml(await post({ page: 'x' }), 400, 'page');
    for (const method of ['PUT', 'POST', 'GET'] as const) {
      const url = method === 'GET' ? `${ours}/evt-20240115-abc123` : ours;
      const body = method === 'GET' ? {} : { body: newEvent() };
      expectXml(await eventlog.call(url, { method, ...body }), 401, 'Authentication required');
      expectXml(
        await eventlog.call(url, { method, as: theirs.manager, ...body }),
        403,
        'Not authorized for this organization',
      );
    }
    expectXml(await put(newEvent(), admin, nowhere), 404, 'Organization not found');
    expectXml(await post({}, admin, nowhere), 404, 'Organization not found');
    expectXml(await get('evt-20240115-abc123', admin, nowhere), 404, 'not found');
    for (const id of [
      'evt-20240115-abc123',
      `evt-20240115-${'0'.repeat(23)}`,
      'x',
      '..%2F..%2Fusers',
      "'%20OR%201=1",
      '%00',
    ])
      expectXml(await get(id), 404, 'Event log entry not found');
  });

  test('are JSON if Accept prefers it', async () => {
    const headers = { accept: 'application/json' };
    const response = await eventlog.call<ErrorBody>(ours, {
      method: 'PUT',
      as: eventlog.ours.manager,
      body: {},
      headers,
    });
    expect(response.json.error).toMatchObject({
      code: 400,
      details: [{ field: 'event_type' }, { field: 'description' }],
    });
  });
});

test('a database failure is 500 without internal details', async () => {
  const broken = await createTestEventlog();
  const url = `/eventlog/${broken.ours.orgId}`;
  const as = broken.ours.manager;
  await broken.db.$executeRaw`ALTER TABLE audit_events RENAME TO elsewhere`;
  await broken.db.$executeRaw`ALTER TABLE intake RENAME TO intake_elsewhere`;
  for (const [path, call] of [
    [url, { method: 'PUT', body: newEvent() }],
    [url, { method: 'POST', body: {} }],
    [`${url}/evt-20240115-abc123`, {}],
  ] as const) {
    const { status, body } = await broken.call(path, { as, ...call });
    expect([status, body]).toEqual([500, expect.stringContaining('<code>500</code>')]);
    expect(body).not.toMatch(/audit_events|intake|relation|SQL|prisma|\.ts/i);
  }
  await broken.close();
});
