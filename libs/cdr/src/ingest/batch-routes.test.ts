import type { AddressInfo } from 'node:net';
import type { ErrorBody, ListBody, TestRequest } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRecord } from '../calls/call-record.ts';
import { buildBatch, buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';

/** The example of the platform document. */
const EXAMPLE = {
  records: [
    {
      call_id: 'abc123-def456',
      caller: '+14155551234',
      callee: '+14155555678',
      start_time: '2024-01-15T10:30:00Z',
      end_time: '2024-01-15T10:35:42Z',
      duration: 342,
      disposition: 'ANSWERED',
      trunk_id: 'trunk_001',
    },
  ],
  source: 'freeswitch-node-01',
  timestamp: '2024-01-15T10:36:00Z',
};

let cdr: TestCdr;
beforeAll(async () => {
  cdr = await createTestCdr();
  cdr.startWorker();
});
afterAll(() => cdr.close());

let batchCount = 0;
const newIndex = () => `batch-${(batchCount += 1)}`;
function post<T = IntakeBody>(index: string, body: TestRequest['body'], more: TestRequest = {}) {
  return cdr.call<T>(`/cdr/${index}`, {
    as: cdr.ours.byKey,
    method: 'POST',
    body: body!,
    ...more,
    headers: { 'content-type': 'application/json', prefer: 'wait=20', ...more.headers },
  });
}
async function search(query: string, as = cdr.ours.member) {
  return (await cdr.call<ListBody<CallRecord>>(`/cdrs?${query}`, { as })).json.data;
}
async function quarantined(index: string) {
  const as = cdr.ours.member;
  const list = await cdr.call<ListBody<{ id: string }>>(`/cdrs/quarantine?batch_id=${index}`, { as });
  return Promise.all(
    list.json.data.map(async ({ id }) => {
      type Item = { reason: string; detail: string; records: unknown[] };
      return (await cdr.call<{ data: Item }>(`/cdrs/quarantine/${id}`, { as })).json.data;
    }),
  );
}
async function status(index: string, as = cdr.ours.manager) {
  return (await cdr.call<{ data: Record<string, unknown> }>(`/cdr/${index}`, { as })).json.data;
}

describe('the example of the platform document', () => {
  test('gets the documented response and two extra members', async () => {
    const { status, json, headers } = await post('batch001', EXAMPLE, { headers: { prefer: '' } });
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('application/json');
    expect(json).toEqual({
      status: 'success',
      processed: 1,
      batch_id: 'batch001',
      sgapi_reference: expect.stringMatching(/^sgapi-\d{8}-\d{6}-[0-9a-f]{12}$/) as string,
      duplicates_in_batch: 0,
      quarantined: 0,
    });
  });
  test('is found by call_id and by id, with all members of a CDR', async () => {
    const [found] = await search('call_id=abc123-def456');
    expect(found).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      org_id: cdr.ours.orgId,
      call_id: 'abc123-def456',
      leg: 'a',
      linked_call_id: null,
      direction: null,
      caller: '+14155551234',
      callee: '+14155555678',
      caller_raw: '+14155551234',
      callee_raw: '+14155555678',
      start_time: '2024-01-15T10:30:00Z',
      answer_time: null,
      end_time: '2024-01-15T10:35:42Z',
      duration: 342,
      billsec: 342,
      disposition: 'ANSWERED',
      hangup_cause: null,
      q850: null,
      sip_status: null,
      trunk_id: 'trunk_001',
      source: 'freeswitch-node-01',
      batch_id: 'batch001',
    });
    const byId = await cdr.call<{ data: CallRecord }>(`/cdrs/${found!.id}`, { as: cdr.ours.member });
    expect(byId.json.data).toEqual(found);
  });
  test('sent to /process as well is a duplicate', async () => {
    const response = await cdr.call<IntakeBody>('/process/batch001', {
      as: cdr.ours.byKey,
      headers: { prefer: 'wait=20' },
      body: EXAMPLE,
    });
    expect(response.json).toMatchObject({ status: 'success', stored: 0, duplicates: 1 });
    expect(await status('batch001')).toMatchObject({
      state: 'stored',
      received: 2,
      stored: 1,
      duplicates: 1,
    });
  });
  test('registers its trunk and its source as entities of the organization', async () => {
    const { orgId } = cdr.ours;
    expect(new Set(cdr.registeredEntities)).toEqual(
      new Set([
        { orgId, type: 'source', id: 'freeswitch-node-01' },
        { orgId, type: 'trunk', id: 'trunk_001' },
      ]),
    );
  });
});

describe('Prefer: wait', () => {
  test('responds with the final counts and Preference-Applied', async () => {
    const { json, headers } = await post(newIndex(), buildBatch(3));
    expect(json).toMatchObject({ processed: 3, stored: 3, duplicates: 0, conflicts: 0, quarantined: 0 });
    expect(headers['preference-applied']).toBe('wait=20');
  });
  test('absent: responds at once, without final counts', async () => {
    const { json, headers } = await post(newIndex(), buildBatch(1), {
      headers: { prefer: 'return=minimal' },
    });
    expect(json).not.toHaveProperty('stored');
    expect(headers).not.toHaveProperty('preference-applied');
  });
});

describe('a rejected request gets its error in XML, and in JSON if accepted', () => {
  const bad = { records: [buildRecord({ start_time: 'yesterday' })] };
  const impossible = { records: [buildRecord({ end_time: '2024-01-15T10:29:00Z' })] };
  const rows: [number, string, () => [url: string, call: TestRequest]][] = [
    [400, 'a record with a wrong type', () => ['/cdr/b', { as: cdr.ours.byKey, body: bad }]],
    [401, 'no credentials', () => ['/cdr/b', { body: EXAMPLE }]],
    [401, 'invalid credentials', () => ['/cdr/b', { as: 'Bearer nonsense', body: EXAMPLE }]],
    [403, 'a role without access', () => ['/cdr/b', { as: cdr.ours.member, body: EXAMPLE }]],
    [403, 'a key without the scope', () => ['/cdr/b', { as: cdr.keyWithoutScope, body: EXAMPLE }]],
    [
      403,
      'another organization',
      () => [`/cdr/b?org_id=${cdr.theirs.orgId}`, { as: cdr.ours.byKey, body: EXAMPLE }],
    ],
    [404, 'an unknown organization', () => ['/cdr/b?org_id=999999', { as: cdr.admin, body: EXAMPLE }]],
    [404, 'a misspelled action', () => ['/cdrr/b', { as: cdr.ours.byKey, body: EXAMPLE }]],
    [404, 'an unknown action', () => ['/munch/b', { as: cdr.ours.byKey, body: EXAMPLE }]],
    [400, 'no index', () => ['/cdr/', { as: cdr.ours.byKey, body: EXAMPLE }]],
    [405, 'another method', () => ['/cdr/b', { as: cdr.ours.byKey, method: 'PUT', body: EXAMPLE }]],
    [
      413,
      'a body over 32 MiB',
      () => ['/cdr/b', { as: cdr.ours.byKey, body: Buffer.alloc((32 << 20) + 1, ' ') }],
    ],
    [
      415,
      'a body of another content type',
      () => ['/cdr/b', { as: cdr.ours.byKey, body: 'a;b;c', headers: { 'content-type': 'text/csv' } }],
    ],
    [
      415,
      'a compressed body',
      () => ['/cdr/b', { as: cdr.ours.byKey, body: EXAMPLE, headers: { 'content-encoding': 'gzip' } }],
    ],
    [422, 'a contradictory record', () => ['/cdr/b', { as: cdr.ours.byKey, body: impossible }]],
  ];
  test.each(rows)('%i: %s', async (code, _what, make) => {
    const [url, call] = make();
    const xml = await cdr.call(url, call);
    expect(xml.status).toBe(code);
    expect(xml.headers['content-type']).toBe('application/xml; charset=utf-8');
    expect(xml.body).toContain(`<code>${code}</code>`);
    expect(xml.body).toContain(`<request_id>${xml.headers['x-request-id']}</request_id>`);
    const json = await cdr.call<ErrorBody>(url, {
      ...call,
      headers: { ...call.headers, accept: 'application/json' },
    });
    expect(json.status).toBe(code);
    expect(json.json.error).toMatchObject({ code, message: expect.stringMatching(/\w/) as string });
    if (code === 405) expect(json.headers['allow']).toContain('POST');
  });
  test.each([
    ['an empty body', ' ', /empty/],
    ['a body that is not JSON', '{"records": [', /not valid JSON/],
    ['a list', '[]', /must be a JSON object/],
    ['more than 100 nested levels', `${'['.repeat(102)}${']'.repeat(102)}`, /nested/],
  ])('400: %s', async (_description, body, message) => {
    const { status, json } = await post<ErrorBody>('b', body, { headers: { accept: 'application/json' } });
    expect([status, json.error.message]).toEqual([400, expect.stringMatching(message)]);
  });
  test('no rejected request stores a call', async () => {
    expect(await search('batch_id=b')).toEqual([]);
  });
});

describe('a bad record', () => {
  const asJson = { headers: { accept: 'application/json' } };
  function batch() {
    return {
      records: [buildRecord(), buildRecord({ start_time: 5 }), buildRecord({ caller: '' })],
    };
  }

  test('rejects the whole batch and is named by index and field', async () => {
    const index = newIndex();
    const { status, json } = await post<ErrorBody>(index, batch(), asJson);
    expect(status).toBe(400);
    expect(json.error.details?.map(({ field }) => field)).toEqual([
      'records[1].start_time',
      'records[2].caller',
    ]);
    expect(json.error.message).toContain('records[1].start_time');
    expect(await search(`batch_id=${index}`)).toEqual([]);
    expect((await cdr.call(`/cdr/${index}`, { as: cdr.ours.manager })).status).toBe(404);
  });
  test('that contradicts itself is named by index and field', async () => {
    const { status, json } = await post<ErrorBody>(
      newIndex(),
      { records: [buildRecord({ duration: 100 })] },
      asJson,
    );
    expect([status, json.error.details?.[0]?.field]).toEqual([422, 'records[0].duration']);
  });
  test('of a partial batch is quarantined and counted; the valid ones are stored', async () => {
    const index = newIndex();
    const { json } = await post(index, { ...batch(), partial: true });
    expect(json).toMatchObject({ processed: 1, quarantined: 2, stored: 1, duplicates: 0, conflicts: 0 });
    expect(await search(`batch_id=${index}`)).toHaveLength(1);
    const items = await quarantined(index);
    expect(items.map(({ reason, detail }) => [reason, detail.split(' ')[0]]).sort()).toEqual([
      ['invalid', 'caller'],
      ['invalid', 'start_time'],
    ]);
    expect(items.every(({ records }) => records.length === 1)).toBe(true);
    expect(await status(index)).toMatchObject({ state: 'stored', received: 3, stored: 1, quarantined: 2 });
  });
  test('makes a partial batch without valid records failed', async () => {
    const index = newIndex();
    expect((await post(index, { records: [1, null], partial: true })).json).toMatchObject({
      processed: 0,
      quarantined: 2,
      stored: 0,
    });
    expect(await status(index)).toMatchObject({ state: 'failed', quarantined: 2 });
  });
  test('details name at most 100 fields of 10,000 bad records', async () => {
    const records = Array.from({ length: 10_000 }, () => ({}));
    const { status, json } = await post<ErrorBody>(newIndex(), { records }, asJson);
    expect([status, json.error.details?.length]).toEqual([400, 100]);
  });
});

describe('the same leg', () => {
  test('twice in one batch is stored once and counted', async () => {
    const record = buildRecord();
    const { json } = await post(newIndex(), { records: [record, buildRecord(), record, { ...record }] });
    expect(json).toMatchObject({ processed: 4, duplicates_in_batch: 2, stored: 2, duplicates: 2 });
  });
  test('with other content is a conflict: the first stays, the second is quarantined', async () => {
    const record = buildRecord();
    const index = newIndex();
    await post(index, { records: [record] });
    const { json } = await post(index, { records: [{ ...record, disposition: 'BUSY' }] });
    expect(json).toMatchObject({ stored: 0, duplicates: 0, conflicts: 1 });
    expect((await search(`batch_id=${index}`)).map(({ disposition }) => disposition)).toEqual(['ANSWERED']);
    expect(await quarantined(index)).toMatchObject([
      { reason: 'conflict', records: [{ disposition: 'BUSY' }] },
    ]);
  });
  test('with another source or start time is another leg', async () => {
    const record = buildRecord();
    const index = newIndex();
    await post(index, { records: [record], source: 'node-a' });
    await post(index, { records: [record], source: 'node-b' });
    await post(index, {
      records: [{ ...record, start_time: '2024-01-15T10:30:01Z', duration: 341 }],
      source: 'node-a',
    });
    expect(await search(`batch_id=${index}`)).toHaveLength(3);
  });
  test('sent 10 times concurrently and 10 times in sequence is stored once', async () => {
    await cdr.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = cdr.app.server.address() as AddressInfo;
    const index = newIndex();
    const body = JSON.stringify(buildBatch(50));
    async function send() {
      const headers = {
        authorization: cdr.ours.byKey,
        'content-type': 'application/json',
        prefer: 'wait=20',
        connection: 'close',
      };
      const response = await fetch(`http://127.0.0.1:${port}/cdr/${index}`, {
        method: 'POST',
        headers,
        body,
      });
      expect(response.status).toBe(200);
      return (await response.json()) as IntakeBody;
    }
    const responses = await Promise.all(Array.from({ length: 10 }, send));
    for (let again = 0; again < 10; again += 1) responses.push(await send());
    function sum(count: 'stored' | 'duplicates' | 'conflicts') {
      return responses.reduce((total, response) => total + response[count]!, 0);
    }
    expect([sum('stored'), sum('duplicates'), sum('conflicts')]).toEqual([50, 950, 0]);
    expect(await search(`batch_id=${index}&limit=500`)).toHaveLength(50);
    expect(await status(index)).toMatchObject({ received: 1_000, stored: 50, duplicates: 950, conflicts: 0 });
  });
});

describe('the organization of a batch', () => {
  async function orgOf(index: string) {
    return (await search(`batch_id=${index}`, cdr.admin)).map(({ org_id }) => org_id);
  }

  test('of an admin is the default one, or org_id of the body or query', async () => {
    const [plain, inBody, inQuery] = [newIndex(), newIndex(), newIndex()];
    await post(plain, buildBatch(1), { as: cdr.admin });
    await post(inBody, buildBatch(1, { org_id: cdr.theirs.orgId }), { as: cdr.admin });
    await post(`${inQuery}?org_id=${cdr.theirs.orgId}`, buildBatch(1), { as: cdr.admin });
    expect([await orgOf(plain), await orgOf(inBody), await orgOf(inQuery)]).toEqual([
      [1],
      [cdr.theirs.orgId],
      [cdr.theirs.orgId],
    ]);
  });
  test('of any other sender is its own; naming another one is 403', async () => {
    for (const as of [cdr.ours.manager, cdr.ours.byKey]) {
      const index = newIndex();
      await post(index, buildBatch(1, { org_id: cdr.ours.orgId }), { as });
      expect(await orgOf(index)).toEqual([cdr.ours.orgId]);
      expect((await post(newIndex(), buildBatch(1, { org_id: cdr.theirs.orgId }), { as })).status).toBe(403);
    }
  });
  test.each([0, -1, 1.5, '1', 1e10, 2 ** 31, null])(
    'org_id %j of an admin is never a 500',
    async (org_id) => {
      expect((await post(newIndex(), buildBatch(1, { org_id }), { as: cdr.admin })).status).toBeLessThan(500);
    },
  );
});

test('GET /cdr/:index shows a batch that failed on every attempt as failed and quarantined', async () => {
  const index = newIndex();
  // The drain quarantines such a batch whole, without a submission.
  const payload = { format: 'platform', batchId: index, source: 'n', sgapiReference: 'r', records: [{}, {}] };
  await cdr.db.$executeRaw`
    INSERT INTO quarantine (id, queue, org_id, key, reason, detail, payload, items, fingerprint, request_id,
      accepted_at)
    VALUES (gen_random_uuid(), 'cdr', ${cdr.ours.orgId}, ${index}, 'poison', '',
      ${JSON.stringify(payload)}::json, 2, 'f', 'r', now())`;
  expect(await status(index)).toMatchObject({
    batch_id: index,
    state: 'failed',
    received: 2,
    stored: 0,
    quarantined: 2,
    submissions: [],
  });
});

describe('reading batches and CDRs', () => {
  test('another organization sees neither CDR, batch nor quarantine', async () => {
    const index = newIndex();
    await post(index, { records: [buildRecord(), {}], partial: true }, { as: cdr.theirs.byKey });
    const [theirs] = await search(`batch_id=${index}`, cdr.theirs.member);
    expect(theirs).toBeDefined();
    for (const as of [cdr.ours.member, cdr.ours.manager]) {
      expect(await search(`batch_id=${index}`, as)).toEqual([]);
      expect((await cdr.call(`/cdrs/${theirs!.id}`, { as })).status).toBe(404);
      expect((await cdr.call(`/cdrs?org_id=${cdr.theirs.orgId}`, { as })).status).toBe(403);
      expect((await cdr.call(`/cdrs/quarantine?org_id=${cdr.theirs.orgId}`, { as })).status).toBe(403);
    }
    expect(await quarantined(index)).toEqual([]);
    expect((await cdr.call(`/cdr/${index}`, { as: cdr.ours.manager })).status).toBe(404);
    expect(
      (await cdr.call(`/cdr/${index}?org_id=${cdr.theirs.orgId}`, { as: cdr.ours.manager })).status,
    ).toBe(403);
    expect((await cdr.call(`/cdr/${index}?org_id=${cdr.theirs.orgId}`, { as: cdr.admin })).status).toBe(200);
    expect((await cdr.call(`/cdrs/${theirs!.id}`, { as: cdr.admin })).status).toBe(200);
  });
  test('a user without organization gets 403', async () => {
    for (const url of ['/cdrs', '/cdrs/quarantine', '/cdrs/018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8d'])
      expect((await cdr.call(url, { as: cdr.unassigned })).status).toBe(403);
  });
  test('a key with the scope cdr:write cannot read', async () => {
    expect((await cdr.call('/cdrs', { as: cdr.ours.byKey })).status).toBe(403);
  });
});
