import type { AddressInfo } from 'node:net';
import { buildBatch, buildRecord } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestGateway,
  type RequestOptions,
  type ErrorBody,
  type FoundCall,
  type IntakeBody,
  type ListBody,
  type TestGateway,
} from './testing.ts';

/** As the platform document has it. */
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

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.startWorker();
});
afterAll(() => gateway.close());

let batches = 0;
const newIndex = () => `batch-${(batches += 1)}`;
function post<T = IntakeBody>(index: string, body: RequestOptions['body'], more: RequestOptions = {}) {
  return gateway.call<T>(`/cdr/${index}`, {
    as: gateway.ours.byKey,
    method: 'POST',
    body: body!,
    ...more,
    headers: { 'content-type': 'application/json', prefer: 'wait=20', ...more.headers },
  });
}
async function search(query: string, as = gateway.ours.member) {
  return (await gateway.call<ListBody<FoundCall>>(`/cdrs?${query}`, { as })).json.data;
}
async function quarantined(index: string) {
  return (
    await gateway.call<ListBody<{ reason: string; detail: string; records: unknown[] }>>(
      `/cdrs/quarantine?batch_id=${index}`,
      { as: gateway.ours.member },
    )
  ).json.data;
}
async function status(index: string, as = gateway.ours.manager) {
  return (await gateway.call<{ data: Record<string, unknown> }>(`/cdr/${index}`, { as })).json.data;
}

describe("the document's example, as written", () => {
  test('is answered with what it shows, and the two extras', async () => {
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
  test('is found by call_id and by id, with every member of a CDR', async () => {
    const [found] = await search('call_id=abc123-def456');
    expect(found).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      org_id: gateway.ours.orgId,
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
    const byId = await gateway.call<{ data: FoundCall }>(`/cdrs/${found!.id}`, { as: gateway.ours.member });
    expect(byId.json.data).toEqual(found);
  });
  test('can be sent to /process as well, and is one CDR with the first', async () => {
    const answer = await gateway.call<IntakeBody>('/process/batch001', {
      as: gateway.ours.byKey,
      headers: { prefer: 'wait=20' },
      body: EXAMPLE,
    });
    expect(answer.json).toMatchObject({ status: 'success', stored: 0, duplicates: 1 });
    expect(await status('batch001')).toMatchObject({
      state: 'stored',
      received: 2,
      stored: 1,
      duplicates: 1,
    });
  });
  test('makes its trunk and its source entities of the organization', async () => {
    const found = await gateway.db
      .$queryRaw`SELECT type, id FROM entities WHERE org_id = ${gateway.ours.orgId} ORDER BY 1, 2`;
    expect(found).toEqual([
      { type: 'source', id: 'freeswitch-node-01' },
      { type: 'trunk', id: 'trunk_001' },
    ]);
  });
});

describe('Prefer: wait', () => {
  test('is answered with what became of the records, and says that it was', async () => {
    const { json, headers } = await post(newIndex(), buildBatch(3));
    expect(json).toMatchObject({ processed: 3, stored: 3, duplicates: 0, conflicts: 0, quarantined: 0 });
    expect(headers['preference-applied']).toBe('wait=20');
  });
  test('is not waited for where it is not said', async () => {
    const { json, headers } = await post(newIndex(), buildBatch(1), {
      headers: { prefer: 'return=minimal' },
    });
    expect(json).not.toHaveProperty('stored');
    expect(headers).not.toHaveProperty('preference-applied');
  });
});

describe('what is refused, in XML, and in JSON when asked', () => {
  const bad = { records: [buildRecord({ start_time: 'yesterday' })] };
  const impossible = { records: [buildRecord({ end_time: '2024-01-15T10:29:00Z' })] };
  const rows: [number, string, () => [url: string, call: RequestOptions]][] = [
    [400, 'a record of wrong shape', () => ['/cdr/b', { as: gateway.ours.byKey, body: bad }]],
    [401, 'no credentials', () => ['/cdr/b', { body: EXAMPLE }]],
    [401, 'credentials that are not good', () => ['/cdr/b', { as: 'Bearer nonsense', body: EXAMPLE }]],
    [403, 'a role that may not', () => ['/cdr/b', { as: gateway.ours.member, body: EXAMPLE }]],
    [403, 'a key without the scope', () => ['/cdr/b', { as: gateway.keyWithoutScope, body: EXAMPLE }]],
    [
      403,
      "another organization's",
      () => [`/cdr/b?org_id=${gateway.theirs.orgId}`, { as: gateway.ours.byKey, body: EXAMPLE }],
    ],
    [
      404,
      'an organization that is not there',
      () => ['/cdr/b?org_id=999999', { as: gateway.admin, body: EXAMPLE }],
    ],
    [404, 'another action', () => ['/cdrr/b', { as: gateway.ours.byKey, body: EXAMPLE }]],
    [404, 'another action', () => ['/munch/b', { as: gateway.ours.byKey, body: EXAMPLE }]],
    [400, 'no index', () => ['/cdr/', { as: gateway.ours.byKey, body: EXAMPLE }]],
    [405, 'another method', () => ['/cdr/b', { as: gateway.ours.byKey, method: 'PUT', body: EXAMPLE }]],
    [
      413,
      'a body over 32 MiB',
      () => ['/cdr/b', { as: gateway.ours.byKey, body: Buffer.alloc((32 << 20) + 1, ' ') }],
    ],
    [
      415,
      'a body that says it is something else, and is',
      () => ['/cdr/b', { as: gateway.ours.byKey, body: 'a;b;c', headers: { 'content-type': 'text/csv' } }],
    ],
    [
      415,
      'a body that is compressed',
      () => ['/cdr/b', { as: gateway.ours.byKey, body: EXAMPLE, headers: { 'content-encoding': 'gzip' } }],
    ],
    [422, 'a record that cannot be', () => ['/cdr/b', { as: gateway.ours.byKey, body: impossible }]],
  ];
  test.each(rows)('%i: %s', async (code, _what, make) => {
    const [url, call] = make();
    const xml = await gateway.call(url, call);
    expect(xml.status).toBe(code);
    expect(xml.headers['content-type']).toBe('application/xml; charset=utf-8');
    expect(xml.body).toContain(`<code>${code}</code>`);
    expect(xml.body).toContain(`<request_id>${xml.headers['x-request-id']}</request_id>`);
    const json = await gateway.call<ErrorBody>(url, {
      ...call,
      headers: { ...call.headers, accept: 'application/json' },
    });
    expect(json.status).toBe(code);
    expect(json.json.error).toMatchObject({ code, message: expect.stringMatching(/\w/) as string });
    if (code === 405) expect(json.headers['allow']).toContain('POST');
  });
  test('nothing of all that was stored', async () => {
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

  test('is named with its place and field, and refuses the whole batch', async () => {
    const index = newIndex();
    const { status, json } = await post<ErrorBody>(index, batch(), asJson);
    expect(status).toBe(400);
    expect(json.error.details?.map(({ field }) => field)).toEqual([
      'records[1].start_time',
      'records[2].caller',
    ]);
    expect(json.error.message).toContain('records[1].start_time');
    expect(await search(`batch_id=${index}`)).toEqual([]);
    expect((await gateway.call(`/cdr/${index}`, { as: gateway.ours.manager })).status).toBe(404);
  });
  test('is named with its place and field where it is impossible', async () => {
    const { status, json } = await post<ErrorBody>(
      newIndex(),
      { records: [buildRecord({ duration: 100 })] },
      asJson,
    );
    expect([status, json.error.details?.[0]?.field]).toEqual([422, 'records[0].duration']);
  });
  test('of a partial batch is quarantined and counted, and the good are stored', async () => {
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
  test('of a partial batch that has no good one leaves it failed', async () => {
    const index = newIndex();
    expect((await post(index, { records: [1, null], partial: true })).json).toMatchObject({
      processed: 0,
      quarantined: 2,
      stored: 0,
    });
    expect(await status(index)).toMatchObject({ state: 'failed', quarantined: 2 });
  });
  test('refuses to name more than a hundred fields of ten thousand bad records', async () => {
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
  test('with other content is a conflict: the first stays, the second is in quarantine', async () => {
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
  test('of another source or another start is another leg', async () => {
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
  test('sent ten times at once and ten times more, on connections of their own, is stored once', async () => {
    await gateway.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = gateway.app.server.address() as AddressInfo;
    const index = newIndex();
    const body = JSON.stringify(buildBatch(50));
    async function send() {
      const headers = {
        authorization: gateway.ours.byKey,
        'content-type': 'application/json',
        prefer: 'wait=20',
        connection: 'close',
      };
      const answer = await fetch(`http://127.0.0.1:${port}/cdr/${index}`, { method: 'POST', headers, body });
      expect(answer.status).toBe(200);
      return (await answer.json()) as IntakeBody;
    }
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    for (let again = 0; again < 10; again += 1) answers.push(await send());
    function sum(count: 'stored' | 'duplicates' | 'conflicts') {
      return answers.reduce((total, answer) => total + answer[count]!, 0);
    }
    expect([sum('stored'), sum('duplicates'), sum('conflicts')]).toEqual([50, 950, 0]);
    expect(await search(`batch_id=${index}&limit=500`)).toHaveLength(50);
    expect(await status(index)).toMatchObject({ received: 1_000, stored: 50, duplicates: 950, conflicts: 0 });
  });
});

describe('where a batch goes', () => {
  async function orgOf(index: string) {
    return (await search(`batch_id=${index}`, gateway.admin)).map(({ org_id }) => org_id);
  }

  test("an admin's goes to the default organization, or where org_id says in body or query", async () => {
    const [plain, inBody, inQuery] = [newIndex(), newIndex(), newIndex()];
    await post(plain, buildBatch(1), { as: gateway.admin });
    await post(inBody, buildBatch(1, { org_id: gateway.theirs.orgId }), { as: gateway.admin });
    await post(`${inQuery}?org_id=${gateway.theirs.orgId}`, buildBatch(1), { as: gateway.admin });
    expect([await orgOf(plain), await orgOf(inBody), await orgOf(inQuery)]).toEqual([
      [1],
      [gateway.theirs.orgId],
      [gateway.theirs.orgId],
    ]);
  });
  test("everybody else's goes to their own, and naming another is 403", async () => {
    for (const as of [gateway.ours.manager, gateway.ours.byKey]) {
      const index = newIndex();
      await post(index, buildBatch(1, { org_id: gateway.ours.orgId }), { as });
      expect(await orgOf(index)).toEqual([gateway.ours.orgId]);
      expect((await post(newIndex(), buildBatch(1, { org_id: gateway.theirs.orgId }), { as })).status).toBe(
        403,
      );
    }
  });
  test.each([0, -1, 1.5, '1', 1e10, 2 ** 31, null])(
    'org_id %j of an admin is 4xx or none, never 500',
    async (org_id) => {
      expect((await post(newIndex(), buildBatch(1, { org_id }), { as: gateway.admin })).status).toBeLessThan(
        500,
      );
    },
  );
});

describe("nobody sees another organization's", () => {
  test('CDR, batch or quarantine', async () => {
    const index = newIndex();
    await post(index, { records: [buildRecord(), {}], partial: true }, { as: gateway.theirs.byKey });
    const [theirs] = await search(`batch_id=${index}`, gateway.theirs.member);
    expect(theirs).toBeDefined();
    for (const as of [gateway.ours.member, gateway.ours.manager]) {
      expect(await search(`batch_id=${index}`, as)).toEqual([]);
      expect((await gateway.call(`/cdrs/${theirs!.id}`, { as })).status).toBe(404);
      expect((await gateway.call(`/cdrs?org_id=${gateway.theirs.orgId}`, { as })).status).toBe(403);
      expect((await gateway.call(`/cdrs/quarantine?org_id=${gateway.theirs.orgId}`, { as })).status).toBe(
        403,
      );
    }
    expect(await quarantined(index)).toEqual([]);
    expect((await gateway.call(`/cdr/${index}`, { as: gateway.ours.manager })).status).toBe(404);
    expect(
      (await gateway.call(`/cdr/${index}?org_id=${gateway.theirs.orgId}`, { as: gateway.ours.manager }))
        .status,
    ).toBe(403);
    expect(
      (await gateway.call(`/cdr/${index}?org_id=${gateway.theirs.orgId}`, { as: gateway.admin })).status,
    ).toBe(200);
    expect((await gateway.call(`/cdrs/${theirs!.id}`, { as: gateway.admin })).status).toBe(200);
  });
  test('who belongs to none reads nothing', async () => {
    for (const url of ['/cdrs', '/cdrs/quarantine', '/cdrs/018d0c0b-7a40-8b3c-9f6e-2f1f5a6b7c8d'])
      expect((await gateway.call(url, { as: gateway.loner })).status).toBe(403);
  });
  test('a key that writes does not read', async () => {
    expect((await gateway.call('/cdrs', { as: gateway.ours.byKey })).status).toBe(403);
  });
});
