import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDemoData } from './demo-data.ts';
import { startTestGateway, type ErrorBody, type TestGateway } from './testing.ts';

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

/** As the platform document has it. */
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

let gateway: TestGateway;
let ours: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  await seedDemoData(gateway.db);
  await seedDemoData(gateway.db);
  ours = `/eventlog/${gateway.ours.orgId}`;
}, 60_000);
afterAll(() => gateway.close());

function put(body: object, as = gateway.ours.manager, url = ours, headers: Record<string, string> = {}) {
  return gateway.call<Created>(url, { method: 'PUT', as, body, headers });
}
function get(id: string, as = gateway.ours.manager, url = ours) {
  return gateway.call<Entry>(`${url}/${id}`, { as });
}
function post(body: object, as = gateway.ours.manager, url = ours) {
  return gateway.call<Found>(url, { method: 'POST', as, body });
}
const events = (more: object = {}) => ({ event_type: 'note', description: 'Something happened', ...more });
async function readBack(more: object, as?: string) {
  return (await get((await put(events(more), as)).json.event_log_id)).json;
}

describe("the document's examples, as written, by an admin against the demo data", () => {
  const demo = '/eventlog/12345';

  test('create answers with what it shows', async () => {
    const { status, json, headers } = await put(EXAMPLE, gateway.admin, demo);
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

  test('get answers with what it shows, names and all', async () => {
    const { status, json } = await get('evt-20240115-abc123', gateway.admin, demo);
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

  test('search answers with what it shows', async () => {
    const { status, json } = await post(SEARCH, gateway.admin, demo);
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
    const both = await post({ date_to: SEARCH.date_to }, gateway.admin, demo);
    expect(both.json.results).toMatchObject([
      { event_log_id: 'evt-20240115-abc123', actor: { id: 67890, type: 'user', name: 'John Smith' } },
      { event_log_id: 'evt-20240115-def456' },
    ]);
    expect(both.json.results[0]!.actor).not.toHaveProperty('email');
  });
});

describe('who did it', () => {
  test('is the writer where nobody is named', async () => {
    expect((await readBack({})).actor).toMatchObject({
      id: expect.any(Number) as number,
      type: 'user',
      name: 'ours-manager',
      email: 'ours-manager@example.com',
    });
    expect((await readBack({}, gateway.ours.member)).actor).toMatchObject({ name: 'ours-member' });
  });

  test('is whom a manager, an admin or a key names; a plain user names itself alone', async () => {
    const { id } = (await readBack({}, gateway.ours.member)).actor;
    for (const as of [gateway.ours.manager, gateway.admin])
      expect((await readBack({ actor_id: id }, as)).actor).toMatchObject({ id, name: 'ours-member' });
    expect((await readBack({ actor_id: id }, gateway.ours.member)).actor).toMatchObject({ id });
    const refused = await put(events({ actor_id: id! - 1 }), gateway.ours.member);
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('actor_id')]);
  });

  test('has no name where it is of another organization, or gone: nobody reads names by counting', async () => {
    const theirs = await gateway.call<{ data: { id: number } }>('/auth/me', { as: gateway.theirs.manager });
    const { id } = theirs.json.data;
    expect((await readBack({ actor_id: id })).actor).toEqual({ id, type: 'user' });
    expect((await readBack({ actor_id: 2_000_000_000 })).actor).toEqual({ id: 2_000_000_000, type: 'user' });
    expect((await readBack({ resource_type: 'dialplan', resource_id: 'dp-001' })).resource).toEqual({
      type: 'dialplan',
      id: 'dp-001',
    });
  });
});

describe('what is written', () => {
  test('is read at once, before it is stored, and found by a search once it is; what is not known is ignored', async () => {
    const body = {
      ...EXAMPLE,
      actor_id: undefined,
      description: 'Read your own writes',
      surprise: { a: 1 },
      org_id: 1,
    };
    const agent = { 'user-agent': 'OrionTel tests' };
    const { json } = await put(body, gateway.ours.manager, ours, agent);
    expect(await gateway.db.auditEvent.count({ where: { orgId: gateway.ours.orgId } })).toBe(0);
    const early = (await get(json.event_log_id)).json;
    expect(early).toMatchObject({
      description: body.description,
      metadata: EXAMPLE.metadata,
      user_agent: agent['user-agent'],
    });
    expect(early).not.toHaveProperty('surprise');

    const stop = gateway.startWorker();
    const search = { search_text: 'WRITES own' };
    await expect
      .poll(async () => (await post(search)).json.results, { timeout: 15_000 })
      .toMatchObject([{ event_log_id: json.event_log_id }]);
    expect((await get(json.event_log_id)).json).toEqual(early);
    await stop();
  });

  test('nobody else reads', async () => {
    const { json } = await put(events());
    const { theirs, admin } = gateway;
    const other = `/eventlog/${theirs.orgId}`;
    expect((await get(json.event_log_id, theirs.manager)).status).toBe(403);
    expect((await get(json.event_log_id, theirs.manager, other)).status).toBe(404);
    expect((await get(json.event_log_id, admin)).status).toBe(200);
    expect((await get(json.event_log_id, admin, other)).status).toBe(404);
    expect((await get(json.event_log_id, gateway.ours.member)).status).toBe(403);
    expect((await put(events(), theirs.manager)).status).toBe(403);
    expect((await post({}, theirs.manager)).status).toBe(403);
  });

  test.each([
    ['markup and SQL', `<script>alert(1)</script> '; DROP TABLE audit_events; -- " \\ \n`],
    ['an emoji', '📞 ☎️'],
    ['4,096 characters', '𠮷'.repeat(2_048)],
  ])('may be any text: %s', async (_what, description) => {
    expect((await readBack({ description })).description).toBe(description);
  });

  test('a User-Agent without end is cut', async () => {
    const { json } = await put(events(), gateway.ours.manager, ours, { 'user-agent': 'x'.repeat(5_000) });
    expect((await get(json.event_log_id)).json).toMatchObject({ user_agent: 'x'.repeat(512) });
  });
});

describe('a search', () => {
  test.each([undefined, {}, 'null'])('with the body %j is one for everything', async (body) => {
    const headers: Record<string, string> =
      typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const answer = await gateway.call<Found>(ours, {
      method: 'POST',
      as: gateway.ours.manager,
      headers,
      ...(body !== undefined && { body }),
    });
    expect([answer.status, answer.json.pagination]).toMatchObject([200, { page: 1, per_page: 50 }]);
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
  ])('for the text %j finds nothing and breaks nothing', async (search_text) => {
    const { status, json } = await post({ search_text });
    expect([status, json.results]).toEqual([200, []]);
  });

  test('ignores what it does not know', async () => {
    expect((await post({ surprise: 1, org_id: 1, limit: 3 })).status).toBe(200);
  });
});

describe('the error tables', () => {
  function expectXml(
    answer: { status: number; body: string; headers: Record<string, string | undefined> },
    status: number,
    message: string,
  ) {
    expect([answer.status, answer.headers['content-type']]).toEqual([
      status,
      expect.stringContaining('application/xml'),
    ]);
    expect(answer.body).toContain(`<code>${status}</code>`);
    expect(answer.body).toContain(message);
  }

  test('400 to 404, in XML', async () => {
    const nowhere = '/eventlog/2147483647';
    const { admin, theirs } = gateway;
    expectXml(await put({}), 400, 'event_type');
    expectXml(await post({ page: 'x' }), 400, 'page');
    for (const method of ['PUT', 'POST', 'GET'] as const) {
      const url = method === 'GET' ? `${ours}/evt-20240115-abc123` : ours;
      const body = method === 'GET' ? {} : { body: events() };
      expectXml(await gateway.call(url, { method, ...body }), 401, 'Authentication required');
      expectXml(
        await gateway.call(url, { method, as: theirs.manager, ...body }),
        403,
        'Not authorized for this organization',
      );
    }
    expectXml(await put(events(), admin, nowhere), 404, 'Organization not found');
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

  test('in JSON, where Accept asks for it', async () => {
    const headers = { accept: 'application/json' };
    const answer = await gateway.call<ErrorBody>(ours, {
      method: 'PUT',
      as: gateway.ours.manager,
      body: {},
      headers,
    });
    expect(answer.json.error).toMatchObject({
      code: 400,
      details: [{ field: 'event_type' }, { field: 'description' }],
    });
  });
});

describe('limits', () => {
  test('500 writes and 100 reads a minute', async () => {
    const limited = await startTestGateway({ env: { RATE_LIMITS: 'on' } });
    const url = `/eventlog/${limited.ours.orgId}`;
    const as = limited.ours.manager;
    async function limitOf(call: Parameters<typeof limited.call>[1], path = url) {
      return (await limited.call(path, { as, ...call })).headers['ratelimit-limit'];
    }
    expect(await limitOf({ method: 'PUT', body: events() })).toBe('500');
    expect(await limitOf({ method: 'POST', body: {} })).toBe('100');
    expect(await limitOf({}, `${url}/evt-20240115-abc123`)).toBe('100');
    await limited.close();
  }, 60_000);
});

test('the 500 of the tables: a database that is not as it must be, told without internals', async () => {
  const broken = await startTestGateway();
  const url = `/eventlog/${broken.ours.orgId}`;
  const as = broken.ours.manager;
  await broken.db.$executeRaw`ALTER TABLE audit_events RENAME TO elsewhere`;
  await broken.db.$executeRaw`ALTER TABLE intake RENAME TO intake_elsewhere`;
  for (const [path, call] of [
    [url, { method: 'PUT', body: events() }],
    [url, { method: 'POST', body: {} }],
    [`${url}/evt-20240115-abc123`, {}],
  ] as const) {
    const { status, body } = await broken.call(path, { as, ...call });
    expect([status, body]).toEqual([500, expect.stringContaining('<code>500</code>')]);
    expect(body).not.toMatch(/audit_events|intake|relation|SQL|prisma|\.ts/i);
  }
  await broken.close();
}, 60_000);
