import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ListBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../../testing.ts';
import type { CallRecord } from '../call-record.ts';

/** More calls than the socket buffers between server and client hold. */
const MANY = 20_000;

let cdr: TestCdr;
let address: string;
beforeAll(async () => {
  cdr = await createTestCdr();
  cdr.startWorker();
  address = await cdr.app.listen({ port: 0, host: '127.0.0.1' });
  await storeMany(cdr.theirs.orgId, MANY);
}, 60_000);
afterAll(() => {
  // A failed test leaves connections open.
  cdr.app.server.closeAllConnections();
  return cdr.close();
});

/** Inserts one call per second, backwards from 2024-03-01; every thousandth is on trunk `rare`. */
function storeMany(orgId: number, count: number) {
  return cdr.db.$executeRaw`
    INSERT INTO cdrs (id, org_id, call_id, leg, caller, callee, start_time, duration, billsec, disposition,
      trunk_id, source, batch_id, content_hash, raw)
    SELECT overlay(
        md5(i::text || ${String(orgId)})
        placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') from 1
      )::uuid,
      ${orgId}::int, 'call-' || i, 'a', '+1415555' || i, repeat('9', 1000), at, 60, 50, 'ANSWERED',
      CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'common' END, 'node', 'many', 'h', '{}'
    FROM (
      SELECT i, '2024-03-01T00:00:00Z'::timestamptz - make_interval(secs => i) AS at
      FROM generate_series(1, ${count}::int) AS i
    ) AS calls`;
}

function store(index: string, records: object[], source = 'node-e') {
  return cdr.call<IntakeBody>(`/cdr/${index}`, {
    as: cdr.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source, records },
  });
}
function exportFile(query: string, as = cdr.ours.manager) {
  return cdr.call(`/cdrs/export?${query}`, { as });
}
function parseLines(body: string): CallRecord[] {
  return body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as CallRecord);
}
async function search(query: string) {
  return (await cdr.call<ListBody<CallRecord>>(`/cdrs?limit=500&${query}`, { as: cdr.ours.manager })).json
    .data;
}

/** Starts an export; its body stays unread until the caller reads it. */
async function startExport(query: string, as = cdr.theirs.manager): Promise<IncomingMessage> {
  const request = get(`${address}/cdrs/export?${query}`, { headers: { authorization: as }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // A busy machine may lose its database connection for a moment.
  if (response.statusCode !== 503 || response.headers['retry-after'] !== '2') return response;
  response.resume();
  return startExport(query, as);
}
async function readAll(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return body;
}
/** Waits until the organization of `as` can start an export again. */
function expectFreeSlot(as: string) {
  return expect
    .poll(
      async () => {
        const response = await startExport('call_id=none', as);
        response.resume();
        return response.statusCode;
      },
      { timeout: 15_000 },
    )
    .toBe(200);
}

describe('GET /cdrs/export', () => {
  beforeAll(async () => {
    await store('files', [
      buildRecord({ call_id: 'f-1', caller: '(415) 555-0001', callee: '+442079460001', trunk_id: 't-1' }),
      buildRecord({
        call_id: 'f-2',
        caller: '+14155550002',
        callee: '1001',
        disposition: 'busy',
        billsec: 0,
      }),
      buildRecord({
        call_id: 'f-3',
        start_time: '2024-02-01T00:00:00Z',
        end_time: '2024-02-01T00:00:10Z',
        duration: 10,
        disposition: 'no_answer',
        trunk_id: null,
      }),
    ]);
    await store('hostile', [
      buildRecord({ call_id: "=cmd|'/c calc'!A1", caller: '+1+cmd', callee: '@SUM(1)' }),
      buildRecord({ call_id: 'a "b", c\r\nd', caller: '-2', callee: 'größe 📞;=1+1' }),
    ]);
  });

  test('NDJSON has exactly the calls that GET /cdrs lists', async () => {
    const response = await exportFile('format=ndjson');
    expect(response.headers['content-type']).toBe('application/x-ndjson');
    expect(response.headers['content-disposition']).toMatch(
      /^attachment; filename="cdrs-\d{8}-\d{6}\.ndjson"$/,
    );
    expect(parseLines(response.body)).toEqual(await search(''));
    expect(parseLines(response.body)).toHaveLength(5);
  });

  test('CSV is the default and has a header, one cell per member and CRLF', async () => {
    const response = await exportFile('call_id=f-3');
    expect(response.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(response.headers['content-disposition']).toMatch(/\.csv"$/);
    const [call] = await search('call_id=f-3');
    expect(response.body).toBe(
      `${Object.keys(call!).join(',')}\r\n${Object.values(call!)
        .map((cell) => cell ?? '')
        .join(',')}\r\n`,
    );
    expect((await exportFile('call_id=f-3&format=csv')).body).toBe(response.body);
  });

  test('CSV neutralizes spreadsheet formulas and keeps phone numbers', async () => {
    const { body } = await exportFile('batch_id=hostile');
    expect(body).toContain(`'=cmd|'/c calc'!A1,`);
    expect(body).toContain(`"a ""b"", c\r\nd"`);
    expect(body).toMatch(/,'\+1\+cmd,/);
    expect(body).toMatch(/,'@SUM\(1\),/);
    expect(body).toMatch(/,'-2,/);
    expect(body).toContain(`"größe 📞;'=1+1"`);
    expect((await exportFile('call_id=f-1')).body).toContain(',+14155550001,+442079460001,');
  });

  test.each([
    'call_id=f-1',
    'caller=%2B14155550001',
    'caller=4155550001',
    'callee=1001',
    'trunk_id=t-1',
    'source=node-e',
    'source=node-e&disposition=BUSY',
    'disposition=no%20answer',
    'from=2024-01-20T00:00:00Z',
    'to=2024-01-20T00:00:00%2B02:00',
    'from=2024-02-01T00:00:00Z&to=2024-02-01T00:00:00Z',
    'batch_id=files&call_id=f-2',
    'batch_id=files&call_id=other',
  ])('applies the same filter as GET /cdrs: %s', async (query) => {
    const { status, body } = await exportFile(`format=ndjson&${query}`);
    expect([status, parseLines(body)]).toEqual([200, await search(query)]);
  });

  test('an export without calls is a header in CSV and empty in NDJSON', async () => {
    expect((await exportFile('call_id=none')).body.split('\r\n')).toHaveLength(2);
    expect((await exportFile('call_id=none&format=ndjson')).body).toBe('');
  });

  test('contains calls of the own organization only; an admin exports all or one', async () => {
    async function orgsIn(query: string, as: string) {
      return [
        ...new Set(
          parseLines((await exportFile(`format=ndjson&from=2024-02-29T23:59:00Z&${query}`, as)).body).map(
            (call) => call.org_id,
          ),
        ),
      ];
    }
    const { ours, theirs, admin } = cdr;
    await store('ours', [buildRecord({ start_time: '2024-02-29T23:59:59.500Z', end_time: null })]);
    expect(await orgsIn('', ours.member)).toEqual([ours.orgId]);
    expect(await orgsIn('', theirs.member)).toEqual([theirs.orgId]);
    expect(await orgsIn('', admin)).toEqual([ours.orgId, theirs.orgId]);
    expect(await orgsIn(`org_id=${theirs.orgId}`, admin)).toEqual([theirs.orgId]);
    expect((await exportFile(`org_id=${theirs.orgId}`, ours.manager)).status).toBe(403);
    expect((await exportFile('', ours.byKey)).status).toBe(403);
  });

  test('HEAD is 405', async () => {
    const response = await cdr.app.inject({
      method: 'HEAD',
      url: '/cdrs/export',
      headers: { authorization: cdr.ours.manager },
    });
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'GET']);
  });

  test('includes a batch that was accepted just before', async () => {
    const { call_id } = buildRecord();
    await cdr.call('/cdr/moment', {
      as: cdr.ours.byKey,
      body: { source: 'n', records: [buildRecord({ call_id })] },
    });
    expect((await exportFile(`call_id=${call_id}`)).body).toContain(call_id);
  });
});

describe('a large export', () => {
  function callIds(from: number, to: number, step = 1) {
    return Array.from({ length: (to - from) / step + 1 }, (_, index) => `call-${from + index * step}`);
  }

  test('has each call once, newest first, even if few calls match', async () => {
    const all = parseLines(await readAll(await startExport('format=ndjson')));
    expect(all.map(({ call_id }) => call_id)).toEqual(callIds(1, MANY));
    const rare = parseLines(await readAll(await startExport('format=ndjson&trunk_id=rare')));
    expect(rare.map(({ call_id }) => call_id)).toEqual(callIds(1_000, MANY, 1_000));
  });

  test('holds no connection while the client reads slowly, and skips calls stored meanwhile', async () => {
    const response = await startExport('format=ndjson');
    await once(response, 'readable');
    function connectionsInUse() {
      return cdr.db.$queryRaw`
        SELECT state, query
        FROM pg_stat_activity
        WHERE datname = current_database()
          AND pid <> pg_backend_pid()
          AND (state = 'idle in transaction' OR (state = 'active' AND query LIKE '%cdrs%'))`;
    }
    await expect.poll(connectionsInUse, { timeout: 15_000 }).toEqual([]);
    const { theirs, db } = cdr;
    await db.$executeRaw`
      INSERT INTO cdrs (id, org_id, call_id, leg, start_time, duration, billsec, disposition, source,
        batch_id, content_hash, raw)
      SELECT overlay(
          replace(gen_random_uuid()::text, '-', '')
          placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') from 1
        )::uuid,
        ${theirs.orgId}::int, 'late-' || i, 'a', at, 1, 1, 'ANSWERED', 'late', 'late', 'h', '{}'
      FROM (
        SELECT i, '2024-03-01T01:00:00Z'::timestamptz AS at
        FROM generate_series(1, 10) AS i
      ) AS calls`;
    const seen = parseLines(await readAll(response)).map(({ call_id }) => call_id);
    expect(seen).toEqual(callIds(1, MANY));
    await db.$executeRaw`DELETE FROM cdrs WHERE batch_id = 'late'`;
  });

  test('aborts the connection when the database fails midway: the file must not look complete', async () => {
    const response = await startExport('format=ndjson');
    await once(response, 'readable');
    await cdr.db.$executeRaw`ALTER TABLE cdrs RENAME TO cdrs_away`;
    try {
      await expect(readAll(response)).rejects.toThrow(/aborted/);
      expect((await exportFile('', cdr.ours.manager)).status).toBe(500);
    } finally {
      await cdr.db.$executeRaw`ALTER TABLE cdrs_away RENAME TO cdrs`;
    }
    await expectFreeSlot(cdr.theirs.manager);
  });

  test('ends and frees its slot when the client disconnects', async () => {
    const [one, two] = [await startExport('format=ndjson'), await startExport('trunk_id=rare&caller=nobody')];
    for (const response of [one, two]) response.on('error', () => undefined).destroy();
    await expectFreeSlot(cdr.theirs.manager);
    function latestExportQuery() {
      return cdr.db.$queryRaw<{ at: Date | null }[]>`
        SELECT max(query_start) AS at
        FROM pg_stat_activity
        WHERE datname = current_database()
          AND query LIKE '%WITH scanned AS%'
          AND pid <> pg_backend_pid()
          AND state = 'active'`;
    }
    await expect.poll(latestExportQuery, { timeout: 15_000 }).toEqual([{ at: null }]);
  });

  test('allows two per organization, one while half of all slots are taken', async () => {
    const { theirs, ours, admin } = cdr;
    await storeMany(ours.orgId, MANY);
    const opened = [
      await startExport('', theirs.manager),
      await startExport('', theirs.member),
      await startExport('', ours.manager),
    ];
    const thirdOfOrg = await startExport('', theirs.manager);
    expect([thirdOfOrg.statusCode, thirdOfOrg.headers['retry-after']]).toEqual([429, '10']);
    opened.push(await startExport('', admin));
    const secondOfOrg = await startExport('', ours.manager);
    expect([secondOfOrg.statusCode, secondOfOrg.headers['retry-after']]).toEqual([429, '10']);
    expect(opened.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    thirdOfOrg.resume();
    secondOfOrg.resume();
    // A slow reader still receives everything.
    const [first, ...rest] = opened;
    for (const response of rest) response.on('error', () => undefined).destroy();
    let lines = 0;
    for await (const chunk of first!.setEncoding('utf8')) {
      lines += (chunk as string).split('\n').length - 1;
      if (lines % 7 === 0) await sleep(1);
    }
    expect(lines).toBe(MANY + 1);
    await expectFreeSlot(ours.manager);
  });
});
