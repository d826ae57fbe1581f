import { Failure } from '@oriontel/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { hostSamples } from './host-sample.repository.ts';
import type { HostSample } from './host-sample.ts';
import { createTestSystem, reading, type TestSystem } from './testing.ts';

let api: TestSystem;
beforeAll(async () => {
  api = await createTestSystem();
});
afterAll(() => api.close());
beforeEach(() => api.db.hostSample.deleteMany());

/** The document's, with values. */
const sample = {
  cpu_usage: 35.2,
  ram_usage: 61.75,
  swap_usage: 0,
  disk_usage: { total: 1_000, used: 400, free: 600, mount_point: '/' },
};
const post = (body: unknown, as = 'manager-1') => api.call<HostSample>('POST', '/metrics', { as, body });
function history(query = '', as = 'user-1') {
  return api.call<HostSample[]>('GET', `/metrics/history${query}`, { as });
}
const hostsOf = async (query: string, as?: string) => (await history(query, as)).data.map(({ host }) => host);

describe.each([
  { url: '/metrics', says: reading.metrics },
  { url: '/status', says: reading },
])('GET $url', ({ url, says }) => {
  const get = (as?: string) => api.call('GET', url, { as });

  test('answers in the envelope with what the document says, and no more', async () => {
    const { status, data, meta } = await get('user-1');
    expect(status).toBe(200);
    expect(data).toEqual(says);
    expect(meta.version).toBe('1.0');
    expect(Math.abs(Date.parse(meta.timestamp) - Date.now())).toBeLessThan(60_000);
  });
  test.each([
    ['admin', 200],
    ['manager-2', 200],
    ['user-none', 200],
    ['key-1', 403],
    ['stranger', 401],
    [undefined, 401],
  ])('%s gets %i', async (as, status) => expect((await get(as)).status).toBe(status));
  test('a host that cannot be sampled is a 503 that says when to come again', async () => {
    const { latest } = api.host;
    onTestFinished(() => void (api.host.latest = latest));
    api.host.latest = async () => {
      throw new Failure('unavailable', 'Not now.', { retryAfter: 5 });
    };
    const { status, headers, error } = await get('user-1');
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(error).toMatchObject({ message: 'Not now.' });
  });
});

describe('POST /metrics', () => {
  test('stores the sample of the document and answers with what history then finds', async () => {
    const before = Date.now();
    const { status, data } = await post(sample);
    expect(status).toBe(201);
    expect(data).toEqual({
      ...sample,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      org_id: 1,
      host: 'unknown',
      sampled_at: expect.any(String) as string,
    });
    expect(Date.parse(data.sampled_at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(data.sampled_at)).toBeLessThanOrEqual(Date.now());
    expect((await history()).data).toEqual([data]);
  });
  test('keeps host and time as they were given, the time in UTC', async () => {
    const { data } = await post({ ...sample, host: 'pbx-02', sampled_at: '2024-01-15T12:30:00.250+02:00' });
    expect(data).toMatchObject({ host: 'pbx-02', sampled_at: '2024-01-15T10:30:00.250Z' });
  });
  test.each([
    { sda1: { used: 1.5 }, mounts: ['/', '/var'], label: 'süß', none: null },
    { $type: 'Raw', value: { set: 1 } },
    {},
  ])('keeps disk_usage %j as it came', async (disk_usage) => {
    expect((await post({ ...sample, disk_usage })).data.disk_usage).toEqual(disk_usage);
    expect((await history()).data[0]?.disk_usage).toEqual(disk_usage);
  });
  test.each([0, 100])('%i percent is a percentage', async (percent) => {
    const usage = { cpu_usage: percent, ram_usage: percent, swap_usage: percent };
    expect((await post({ ...sample, ...usage })).data).toMatchObject(usage);
  });
  test.each<[string, unknown]>([
    ...['cpu_usage', 'ram_usage', 'swap_usage'].flatMap((field) =>
      [undefined, null, '35', -0.01, 100.01].map((value): [string, unknown] => [field, value]),
    ),
    ...[undefined, null, [], 'full', 42, { label: 'a\0b' }].map((value): [string, unknown] => [
      'disk_usage',
      value,
    ]),
    ...['', 'a/b', 'x'.repeat(65), 7, null].map((value): [string, unknown] => ['host', value]),
    ...['yesterday', '2024-01-15', '2024-01-15T10:30:00', 1, null, '9999-01-01T00:00:00Z'].map(
      (value): [string, unknown] => ['sampled_at', value],
    ),
    ...[0, '1', 1.5, 2_147_483_648].map((value): [string, unknown] => ['org_id', value]),
    ['temperature', 40],
    ['id', '0190a5c0-0000-7000-8000-000000000001'],
  ])('refuses %s %j by its name, and stores nothing', async (field, value) => {
    const { status, error } = await post({ ...sample, [field]: value }, 'admin');
    expect(status).toBe(400);
    expect(error.details?.map((detail) => detail.field)).toContain(field);
    expect(await api.db.hostSample.count()).toBe(0);
  });
  test.each([undefined, [], 'text', null])('refuses the body %j', async (body) => {
    expect((await post(body)).status).toBeOneOf([400, 415]);
  });
  test('takes the clock of a host that is up to five minutes ahead', async () => {
    const ahead = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
    expect((await post({ ...sample, sampled_at: ahead(4.9) })).status).toBe(201);
    const { status, error } = await post({ ...sample, sampled_at: ahead(5.1) });
    expect(status).toBe(400);
    expect(error.message).toBe('sampled_at: must not be more than 5 minutes in the future');
  });

  test.each([
    ['admin', 201],
    ['manager-1', 201],
    ['key-1', 201],
    ['key-1-cdr', 403],
    ['user-1', 403],
    ['manager-none', 403],
    ['stranger', 401],
  ])('%s gets %i', async (as, status) => {
    expect((await post(sample, as)).status).toBe(status);
    expect(await api.db.hostSample.count()).toBe(status === 201 ? 1 : 0);
  });
  test('without credentials is 401', async () => {
    expect((await api.call('POST', '/metrics', { body: sample })).status).toBe(401);
  });

  test('a key reports for the host it is named after, unless it says another', async () => {
    expect((await post(sample, 'key-1')).data).toMatchObject({ org_id: 1, host: 'pbx-01.example' });
    expect((await post({ ...sample, host: 'other' }, 'key-1')).data.host).toBe('other');
    expect((await post(sample, 'key-1-spoken')).data.host).toBe('unknown');
  });
  test('goes to the own organization; an admin chooses, else the default one', async () => {
    const orgOf = async (as: string, org_id?: number) => (await post({ ...sample, org_id }, as)).data.org_id;
    expect(await orgOf('manager-2')).toBe(2);
    expect(await orgOf('manager-2', 2)).toBe(2);
    expect(await orgOf('admin')).toBe(1);
    expect(await orgOf('admin', 2)).toBe(2);
  });
  test.each(['manager-1', 'key-1'])('%s cannot write to another organization', async (as) => {
    expect((await post({ ...sample, org_id: 2 }, as)).status).toBe(403);
    expect(await api.db.hostSample.count()).toBe(0);
  });
  test('an organization that does not exist is 404', async () => {
    const { status, error } = await post({ ...sample, org_id: 3 }, 'admin');
    expect(status).toBe(404);
    expect(error.message).toBe('Organization not found: create it first.');
    expect(await api.db.hostSample.count()).toBe(0);
  });
});

describe('GET /metrics/history', () => {
  function store(host: string, sampledAt: string, orgId = 1) {
    return hostSamples(api.db).insert(orgId, {
      host,
      cpuUsage: 1,
      ramUsage: 2,
      swapUsage: 3,
      diskUsage: {},
      sampledAt: new Date(sampledAt),
    });
  }

  test('is empty before the first sample', async () => {
    const { status, data, meta } = await history();
    expect([status, data]).toEqual([200, []]);
    expect(meta.pagination).toEqual({ limit: 100, offset: 0, total: 0 });
  });
  test('goes from the newest to the oldest; samples of one moment by their ids', async () => {
    await store('second', '2024-01-15T10:00:00Z');
    await store('first', '2024-01-15T09:00:00Z');
    await store('third', '2024-01-15T10:00:00Z');
    await store('last', '2024-01-15T11:00:00Z');
    expect(await hostsOf('')).toEqual(['last', 'third', 'second', 'first']);
  });
  test('its pages together are the list, and each tells how long that is', async () => {
    for (const minute of [1, 2, 3, 4, 5]) await store(`h${minute}`, `2024-01-15T10:0${minute}:00Z`);
    const pages = await Promise.all([0, 2, 4, 6].map((offset) => history(`?limit=2&offset=${offset}`)));
    expect(pages.flatMap(({ data }) => data.map(({ host }) => host))).toEqual(['h5', 'h4', 'h3', 'h2', 'h1']);
    expect(pages.map(({ meta }) => meta.pagination)).toEqual(
      [0, 2, 4, 6].map((offset) => ({ limit: 2, offset, total: 5 })),
    );
  });
  test('total counts what the filter leaves, of this organization', async () => {
    await store('a', '2024-01-15T10:00:00Z');
    await store('a', '2024-01-15T11:00:00Z');
    await store('b', '2024-01-15T10:00:00Z');
    await store('a', '2024-01-15T10:00:00Z', 2);
    expect((await history('?host=a&limit=1')).meta.pagination.total).toBe(2);
    expect(await hostsOf('?host=a')).toEqual(['a', 'a']);
    expect(await hostsOf('?host=A')).toEqual([]);
  });
  test('from and to are part of the range, to the millisecond', async () => {
    for (const ms of ['499', '500', '501', '502']) await store(`ms${ms}`, `2024-01-15T10:00:00.${ms}Z`);
    const [from, to] = ['from=2024-01-15T10:00:00.500Z', 'to=2024-01-15T11:00:00.501%2B01:00'];
    expect(await hostsOf(`?${from}&${to}`)).toEqual(['ms501', 'ms500']);
    expect(await hostsOf(`?${from}`)).toEqual(['ms502', 'ms501', 'ms500']);
    expect(await hostsOf(`?${to}`)).toEqual(['ms501', 'ms500', 'ms499']);
  });
  test('a sample of a month without partition is kept in the default one, and found', async () => {
    await post({ ...sample, host: 'old', sampled_at: '1999-05-05T00:00:00Z' });
    await post({ ...sample, host: 'new' });
    const kept = await api.db.$queryRaw<{ host: string; partition: string }[]>`
      SELECT host, tableoid::regclass::text AS partition FROM host_samples ORDER BY sampled_at`;
    expect(kept).toEqual([
      { host: 'old', partition: 'host_samples_default' },
      { host: 'new', partition: expect.stringMatching(/^host_samples_\d{4}_\d\d$/) as string },
    ]);
    expect(await hostsOf('')).toEqual(['new', 'old']);
    expect(await hostsOf('?to=2000-01-01T00:00:00Z')).toEqual(['old']);
  });

  test('is that of the own organization; an admin sees all, or the one it asks for', async () => {
    await store('one', '2024-01-15T10:00:00Z', 1);
    await store('two', '2024-01-15T11:00:00Z', 2);
    expect(await hostsOf('', 'user-1')).toEqual(['one']);
    expect(await hostsOf('?org_id=1', 'user-1')).toEqual(['one']);
    expect(await hostsOf('', 'manager-2')).toEqual(['two']);
    expect(await hostsOf('', 'admin')).toEqual(['two', 'one']);
    expect(await hostsOf('?org_id=2', 'admin')).toEqual(['two']);
  });
  test.each([
    ['?org_id=2', 'user-1'],
    ['?org_id=2', 'manager-1'],
    ['', 'user-none'],
    ['', 'key-1'],
  ])('%j for %s is 403', async (query, as) => expect((await history(query, as)).status).toBe(403));
  test('without credentials is 401', async () => {
    expect((await api.call('GET', '/metrics/history')).status).toBe(401);
  });
  test.each([
    ['limit', '0'],
    ['limit', '501'],
    ['limit', 'ten'],
    ['offset', '-1'],
    ['offset', '1000001'],
    ['host', 'a%2Fb'],
    ['from', 'yesterday'],
    ['to', '2024-01-15'],
    ['org_id', '0'],
    ['page', '2'],
  ])('refuses %s=%s by its name', async (field, value) => {
    const { status, error } = await history(`?${field}=${value}`);
    expect(status).toBe(400);
    expect(error.details?.[0]?.field).toBe(field);
  });
});
