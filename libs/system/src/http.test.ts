import { Failure } from '@oriontel/contracts';
import { keyWith, testActors, type ErrorBody, type TestRequest } from '@oriontel/service/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { hostSamples } from './host-sample.repository.ts';
import type { HostSample } from './host-sample.ts';
import { createTestSystem, reading, type TestSystem } from './testing.ts';

const { admin, ours, theirs, unassigned } = testActors;
const metricsKey = keyWith(['metrics:write']);

interface Body<T> extends ErrorBody {
  data: T;
  meta: { timestamp: string; version: string; pagination: object };
}

let api: TestSystem;
beforeAll(async () => {
  api = await createTestSystem();
});
afterAll(() => api.close());
beforeEach(() => api.db.hostSample.deleteMany());

/** The sample of the API document, with values. */
const sample = {
  cpu_usage: 35.2,
  ram_usage: 61.75,
  swap_usage: 0,
  disk_usage: { total: 1_000, used: 400, free: 600, mount_point: '/' },
};
async function call<T>(url: string, request?: TestRequest) {
  const { status, headers, json } = await api.call<Body<T>>(url, request);
  return { status, headers, ...json };
}
function post(body: object | undefined, as: string | undefined = ours.manager) {
  return call<HostSample>('/metrics', { method: 'POST', as, ...(body && { body }) });
}
function history(query = '', as: string | undefined = ours.member) {
  return call<HostSample[]>(`/metrics/history${query}`, { as });
}
async function hostsOf(query: string, as?: string) {
  return (await history(query, as)).data.map(({ host }) => host);
}

describe.each([
  { url: '/metrics', expected: reading.metrics },
  { url: '/status', expected: reading },
])('GET $url', ({ url, expected }) => {
  const get = (as?: string) => call(url, { as });

  test('returns the documented fields in the envelope', async () => {
    const { status, data, meta } = await get(ours.member);
    expect(status).toBe(200);
    expect(data).toEqual(expected);
    expect(meta.version).toBe('1.0');
    expect(Math.abs(Date.parse(meta.timestamp) - Date.now())).toBeLessThan(60_000);
  });
  test.each([
    [admin, 200],
    [theirs.manager, 200],
    [unassigned, 200],
    [metricsKey, 403],
    ['Bearer stranger', 401],
    [undefined, 401],
  ])('for %s answers %i', async (as, status) => expect((await get(as)).status).toBe(status));
  test('answers 503 with Retry-After if the host cannot be sampled', async () => {
    const { latest } = api.host;
    onTestFinished(() => void (api.host.latest = latest));
    api.host.latest = async () => {
      throw new Failure('unavailable', 'Not now.', { retryAfter: 5 });
    };
    const { status, headers, error } = await get(ours.member);
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('5');
    expect(error).toMatchObject({ message: 'Not now.' });
  });
});

describe('POST /metrics', () => {
  test('stores the documented sample and returns it as the history does', async () => {
    const before = Date.now();
    const { status, data } = await post(sample);
    expect(status).toBe(201);
    expect(data).toEqual({
      ...sample,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      org_id: ours.orgId,
      host: 'unknown',
      sampled_at: expect.any(String) as string,
    });
    expect(Date.parse(data.sampled_at)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(data.sampled_at)).toBeLessThanOrEqual(Date.now());
    expect((await history()).data).toEqual([data]);
  });
  test('keeps the host and the time, in UTC', async () => {
    const { data } = await post({ ...sample, host: 'pbx-02', sampled_at: '2024-01-15T12:30:00.250+02:00' });
    expect(data).toMatchObject({ host: 'pbx-02', sampled_at: '2024-01-15T10:30:00.250Z' });
  });
  test.each([
    { sda1: { used: 1.5 }, mounts: ['/', '/var'], label: 'süß', none: null },
    { $type: 'Raw', value: { set: 1 } },
    {},
  ])('keeps disk_usage %j unchanged', async (disk_usage) => {
    expect((await post({ ...sample, disk_usage })).data.disk_usage).toEqual(disk_usage);
    expect((await history()).data[0]?.disk_usage).toEqual(disk_usage);
  });
  test.each([0, 100])('accepts %i percent', async (percent) => {
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
  ])('refuses %s %j, names the field and stores nothing', async (field, value) => {
    const { status, error } = await post({ ...sample, [field]: value }, admin);
    expect(status).toBe(400);
    expect(error.details?.map((detail) => detail.field)).toContain(field);
    expect(await api.db.hostSample.count()).toBe(0);
  });
  test.each([undefined, [], 'text', null])('refuses the body %j', async (body) => {
    expect((await post(body as object)).status).toBeOneOf([400, 415]);
  });
  test('accepts times up to five minutes in the future', async () => {
    const ahead = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
    expect((await post({ ...sample, sampled_at: ahead(4.9) })).status).toBe(201);
    const { status, error } = await post({ ...sample, sampled_at: ahead(5.1) });
    expect(status).toBe(400);
    expect(error.message).toBe('sampled_at: must not be more than 5 minutes in the future');
  });

  test.each([
    [admin, 201],
    [ours.manager, 201],
    [metricsKey, 201],
    [keyWith(['cdr:write']), 403],
    [ours.member, 403],
    [unassigned, 403],
    ['Bearer stranger', 401],
  ])('for %s answers %i', async (as, status) => {
    expect((await post(sample, as)).status).toBe(status);
    expect(await api.db.hostSample.count()).toBe(status === 201 ? 1 : 0);
  });
  test('answers 401 without credentials', async () => {
    expect((await call('/metrics', { body: sample })).status).toBe(401);
  });

  test('stores for the own organization; for an admin the requested one or the default one', async () => {
    const orgOf = async (as: string, org_id?: number) => (await post({ ...sample, org_id }, as)).data.org_id;
    expect(await orgOf(theirs.manager)).toBe(theirs.orgId);
    expect(await orgOf(theirs.manager, theirs.orgId)).toBe(theirs.orgId);
    expect(await orgOf(admin)).toBe(1);
    expect(await orgOf(admin, theirs.orgId)).toBe(theirs.orgId);
  });
  test.each([ours.manager, metricsKey])('answers 403 to %s for another organization', async (as) => {
    expect((await post({ ...sample, org_id: theirs.orgId }, as)).status).toBe(403);
    expect(await api.db.hostSample.count()).toBe(0);
  });
  test('answers 404 for an unknown organization', async () => {
    const { status, error } = await post({ ...sample, org_id: 99 }, admin);
    expect(status).toBe(404);
    expect(error.message).toBe('Organization not found: create it first.');
    expect(await api.db.hostSample.count()).toBe(0);
  });
});

describe('GET /metrics/history', () => {
  function store(host: string, sampledAt: string, orgId = ours.orgId) {
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
  test('lists the newest first, and samples of one time by their ids', async () => {
    await store('second', '2024-01-15T10:00:00Z');
    await store('first', '2024-01-15T09:00:00Z');
    await store('third', '2024-01-15T10:00:00Z');
    await store('last', '2024-01-15T11:00:00Z');
    expect(await hostsOf('')).toEqual(['last', 'third', 'second', 'first']);
  });
  test('pages add up to the list, and each has the total', async () => {
    for (const minute of [1, 2, 3, 4, 5]) await store(`h${minute}`, `2024-01-15T10:0${minute}:00Z`);
    const pages = await Promise.all([0, 2, 4, 6].map((offset) => history(`?limit=2&offset=${offset}`)));
    expect(pages.flatMap(({ data }) => data.map(({ host }) => host))).toEqual(['h5', 'h4', 'h3', 'h2', 'h1']);
    expect(pages.map(({ meta }) => meta.pagination)).toEqual(
      [0, 2, 4, 6].map((offset) => ({ limit: 2, offset, total: 5 })),
    );
  });
  test('total counts the filtered samples of the organization', async () => {
    await store('a', '2024-01-15T10:00:00Z');
    await store('a', '2024-01-15T11:00:00Z');
    await store('b', '2024-01-15T10:00:00Z');
    await store('a', '2024-01-15T10:00:00Z', theirs.orgId);
    expect((await history('?host=a&limit=1')).meta.pagination).toMatchObject({ total: 2 });
    expect(await hostsOf('?host=a')).toEqual(['a', 'a']);
    expect(await hostsOf('?host=A')).toEqual([]);
  });
  test('from and to are inclusive, to the millisecond', async () => {
    for (const ms of ['499', '500', '501', '502']) await store(`ms${ms}`, `2024-01-15T10:00:00.${ms}Z`);
    const [from, to] = ['from=2024-01-15T10:00:00.500Z', 'to=2024-01-15T11:00:00.501%2B01:00'];
    expect(await hostsOf(`?${from}&${to}`)).toEqual(['ms501', 'ms500']);
    expect(await hostsOf(`?${from}`)).toEqual(['ms502', 'ms501', 'ms500']);
    expect(await hostsOf(`?${to}`)).toEqual(['ms501', 'ms500', 'ms499']);
  });
  test('finds a sample of a month without partition in the default one', async () => {
    await post({ ...sample, host: 'old', sampled_at: '1999-05-05T00:00:00Z' });
    await post({ ...sample, host: 'new' });
    const kept = await api.db.$queryRaw<{ host: string; partition: string }[]>`
      SELECT host, tableoid::regclass::text AS partition
      FROM host_samples
      ORDER BY sampled_at`;
    expect(kept).toEqual([
      { host: 'old', partition: 'host_samples_default' },
      { host: 'new', partition: expect.stringMatching(/^host_samples_\d{4}_\d\d$/) as string },
    ]);
    expect(await hostsOf('')).toEqual(['new', 'old']);
    expect(await hostsOf('?to=2000-01-01T00:00:00Z')).toEqual(['old']);
  });

  test('lists the own organization; for an admin every one, or the requested one', async () => {
    await store('one', '2024-01-15T10:00:00Z');
    await store('two', '2024-01-15T11:00:00Z', theirs.orgId);
    expect(await hostsOf('', ours.member)).toEqual(['one']);
    expect(await hostsOf(`?org_id=${ours.orgId}`, ours.member)).toEqual(['one']);
    expect(await hostsOf('', theirs.manager)).toEqual(['two']);
    expect(await hostsOf('', admin)).toEqual(['two', 'one']);
    expect(await hostsOf(`?org_id=${theirs.orgId}`, admin)).toEqual(['two']);
  });
  test.each([
    [`?org_id=${theirs.orgId}`, ours.member],
    [`?org_id=${theirs.orgId}`, ours.manager],
    ['', unassigned],
    ['', metricsKey],
  ])('with the query %j answers 403 to %s', async (query, as) =>
    expect((await history(query, as)).status).toBe(403),
  );
  test('answers 401 without credentials', async () => {
    expect((await call('/metrics/history')).status).toBe(401);
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
  ])('refuses %s=%s and names the parameter', async (field, value) => {
    const { status, error } = await history(`?${field}=${value}`);
    expect(status).toBe(400);
    expect(error.details?.[0]?.field).toBe(field);
  });
});
