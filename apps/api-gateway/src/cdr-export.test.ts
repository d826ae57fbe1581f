import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildRecord } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startTestGateway,
  type FoundCall,
  type IntakeBody,
  type ListBody,
  type TestGateway,
} from './testing.ts';

/** More than the sockets between a gateway and its client hold. */
const MANY = 20_000;

let gateway: TestGateway;
let address: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.startWorker();
  address = await gateway.app.listen({ port: 0, host: '127.0.0.1' });
  await storeMany(gateway.theirs.orgId, MANY);
}, 60_000);
afterAll(() => {
  // What a test that failed left open.
  gateway.app.server.closeAllConnections();
  return gateway.close();
});

/** One a second, going back from 2024-03-01; every thousandth on trunk rare. */
function storeMany(orgId: number, count: number) {
  return gateway.db.$executeRaw`
  INSERT INTO cdrs (id, org_id, call_id, leg, caller, callee, start_time, duration, billsec, disposition, trunk_id, source, batch_id,
    content_hash, raw)
  SELECT overlay(md5(i::text || ${String(orgId)}) placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') from 1)::uuid, ${orgId}::int,
    'call-' || i, 'a', '+1415555' || i, repeat('9', 1000), at, 60, 50, 'ANSWERED', CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'common' END, 'node', 'many', 'h', '{}'
  FROM (SELECT i, '2024-03-01T00:00:00Z'::timestamptz - make_interval(secs => i) AS at FROM generate_series(1, ${count}::int) AS i) AS calls`;
}

function store(index: string, records: object[], source = 'node-e') {
  return gateway.call<IntakeBody>(`/cdr/${index}`, {
    as: gateway.ours.byKey,
    headers: { prefer: 'wait=20' },
    body: { source, records },
  });
}
const file = (query: string, as = gateway.ours.manager) => gateway.call(`/cdrs/export?${query}`, { as });
function linesOf(body: string): FoundCall[] {
  return body
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as FoundCall);
}
async function found(query: string) {
  return (await gateway.call<ListBody<FoundCall>>(`/cdrs?limit=500&${query}`, { as: gateway.ours.manager }))
    .json.data;
}

/** An answer that is not read until somebody does. */
async function open(query: string, as = gateway.theirs.manager): Promise<IncomingMessage> {
  const request = get(`${address}/cdrs/export?${query}`, { headers: { authorization: as }, agent: false });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  // The database of a busy machine may be out of reach for a moment.
  if (answer.statusCode !== 503 || answer.headers['retry-after'] !== '2') return answer;
  answer.resume();
  return open(query, as);
}
async function readAll(answer: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += chunk;
  return body;
}
/** Whoever let go of a file is soon forgotten. */
function isFree(as: string) {
  return expect
    .poll(
      async () => {
        const answer = await open('call_id=none', as);
        answer.resume();
        return answer.statusCode;
      },
      { timeout: 15_000 },
    )
    .toBe(200);
}

describe('a file', () => {
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

  test('as NDJSON has what GET /cdrs lists, to the letter', async () => {
    const answer = await file('format=ndjson');
    expect(answer.headers['content-type']).toBe('application/x-ndjson');
    expect(answer.headers['content-disposition']).toMatch(
      /^attachment; filename="cdrs-\d{8}-\d{6}\.ndjson"$/,
    );
    expect(linesOf(answer.body)).toEqual(await found(''));
    expect(linesOf(answer.body)).toHaveLength(5);
  });

  test('as CSV has a header, a cell for each member, CRLF, and is the default', async () => {
    const answer = await file('call_id=f-3');
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers['content-disposition']).toMatch(/\.csv"$/);
    const [call] = await found('call_id=f-3');
    expect(answer.body).toBe(
      `${Object.keys(call!).join(',')}\r\n${Object.values(call!)
        .map((cell) => cell ?? '')
        .join(',')}\r\n`,
    );
    expect((await file('call_id=f-3&format=csv')).body).toBe(answer.body);
  });

  test('as CSV runs nothing when it is opened, and keeps numbers', async () => {
    const { body } = await file('batch_id=hostile');
    expect(body).toContain(`'=cmd|'/c calc'!A1,`);
    expect(body).toContain(`"a ""b"", c\r\nd"`);
    expect(body).toMatch(/,'\+1\+cmd,/);
    expect(body).toMatch(/,'@SUM\(1\),/);
    expect(body).toMatch(/,'-2,/);
    expect(body).toContain(`"größe 📞;'=1+1"`);
    expect((await file('call_id=f-1')).body).toContain(',+14155550001,+442079460001,');
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
  ])('takes the whole filter of the list: %s', async (query) => {
    const { status, body } = await file(`format=ndjson&${query}`);
    expect([status, linesOf(body)]).toEqual([200, await found(query)]);
  });

  test('of nothing is a header, or empty', async () => {
    expect((await file('call_id=none')).body.split('\r\n')).toHaveLength(2);
    expect((await file('call_id=none&format=ndjson')).body).toBe('');
  });

  test("of one organization has nothing of another's; an admin's has both, or one", async () => {
    async function orgsIn(query: string, as: string) {
      return [
        ...new Set(
          linesOf((await file(`format=ndjson&from=2024-02-29T23:59:00Z&${query}`, as)).body).map(
            (call) => call.org_id,
          ),
        ),
      ];
    }
    const { ours, theirs, admin } = gateway;
    await store('ours', [buildRecord({ start_time: '2024-02-29T23:59:59.500Z', end_time: null })]);
    expect(await orgsIn('', ours.member)).toEqual([ours.orgId]);
    expect(await orgsIn('', theirs.member)).toEqual([theirs.orgId]);
    expect(await orgsIn('', admin)).toEqual([ours.orgId, theirs.orgId]);
    expect(await orgsIn(`org_id=${theirs.orgId}`, admin)).toEqual([theirs.orgId]);
    expect((await file(`org_id=${theirs.orgId}`, ours.manager)).status).toBe(403);
    expect((await file('', ours.byKey)).status).toBe(403);
  });

  test('is not made for HEAD', async () => {
    const answer = await gateway.app.inject({
      method: 'HEAD',
      url: '/cdrs/export',
      headers: { authorization: gateway.ours.manager },
    });
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'GET']);
  });

  test('has what was accepted the moment before', async () => {
    const { call_id } = buildRecord();
    await gateway.call('/cdr/moment', {
      as: gateway.ours.byKey,
      body: { source: 'n', records: [buildRecord({ call_id })] },
    });
    expect((await file(`call_id=${call_id}`)).body).toContain(call_id);
  });
});

describe('a file of many', () => {
  function callIds(from: number, to: number, step = 1) {
    return Array.from({ length: (to - from) / step + 1 }, (_, index) => `call-${from + index * step}`);
  }

  test('has each once, newest first, also where few of them match', async () => {
    const all = linesOf(await readAll(await open('format=ndjson')));
    expect(all.map(({ call_id }) => call_id)).toEqual(callIds(1, MANY));
    const rare = linesOf(await readAll(await open('format=ndjson&trunk_id=rare')));
    expect(rare.map(({ call_id }) => call_id)).toEqual(callIds(1_000, MANY, 1_000));
  });

  test('read slowly holds no connection to the database, and has neither what came nor twice what was there', async () => {
    const answer = await open('format=ndjson');
    await once(answer, 'readable');
    function inUse() {
      return gateway.db.$queryRaw`
      SELECT state, query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND (state = 'idle in transaction' OR (state = 'active' AND query LIKE '%cdrs%'))`;
    }
    await expect.poll(inUse, { timeout: 15_000 }).toEqual([]);
    const { theirs, db } = gateway;
    await db.$executeRaw`
      INSERT INTO cdrs (id, org_id, call_id, leg, start_time, duration, billsec, disposition, source, batch_id, content_hash, raw)
      SELECT overlay(replace(gen_random_uuid()::text, '-', '') placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') from 1)::uuid,
        ${theirs.orgId}::int, 'late-' || i, 'a', at, 1, 1, 'ANSWERED', 'late', 'late', 'h', '{}'
      FROM (SELECT i, '2024-03-01T01:00:00Z'::timestamptz AS at FROM generate_series(1, 10) AS i) AS calls`;
    const seen = linesOf(await readAll(answer)).map(({ call_id }) => call_id);
    expect(seen).toEqual(callIds(1, MANY));
    await db.$executeRaw`DELETE FROM cdrs WHERE batch_id = 'late'`;
  });

  test('is cut off where the database fails on the way, so that nobody takes it for whole', async () => {
    const answer = await open('format=ndjson');
    await once(answer, 'readable');
    await gateway.db.$executeRaw`ALTER TABLE cdrs RENAME TO cdrs_away`;
    try {
      await expect(readAll(answer)).rejects.toThrow(/aborted/);
      expect((await file('', gateway.ours.manager)).status).toBe(500);
    } finally {
      await gateway.db.$executeRaw`ALTER TABLE cdrs_away RENAME TO cdrs`;
    }
    await isFree(gateway.theirs.manager);
  });

  test('that nobody waits for any more ends, and leaves its place to another', async () => {
    const [one, two] = [await open('format=ndjson'), await open('trunk_id=rare&caller=nobody')];
    for (const answer of [one, two]) answer.on('error', () => undefined).destroy();
    await isFree(gateway.theirs.manager);
    const { rows } = {
      rows() {
        return gateway.db.$queryRaw<{ at: Date | null }[]>`
      SELECT max(query_start) AS at FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%WITH way AS%'
        AND pid <> pg_backend_pid() AND state = 'active'`;
      },
    };
    await expect.poll(rows, { timeout: 15_000 }).toEqual([{ at: null }]);
  });

  test('is one of two for an organization, and of four for all: others are told when to come back', async () => {
    const { theirs, ours, admin } = gateway;
    await storeMany(ours.orgId, MANY);
    const opened = [
      await open('', theirs.manager),
      await open('', theirs.member),
      await open('', ours.manager),
    ];
    const own = await open('', theirs.manager);
    expect([own.statusCode, own.headers['retry-after']]).toEqual([429, '10']);
    opened.push(await open('', admin));
    const any = await open('', ours.manager);
    expect([any.statusCode, any.headers['retry-after']]).toEqual([503, '10']);
    expect(opened.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    own.resume();
    any.resume();
    // A slow reader gets all of it.
    const [first, ...rest] = opened;
    for (const answer of rest) answer.on('error', () => undefined).destroy();
    let lines = 0;
    for await (const chunk of first!.setEncoding('utf8')) {
      lines += (chunk as string).split('\n').length - 1;
      if (lines % 7 === 0) await sleep(1);
    }
    expect(lines).toBe(MANY + 1);
    await isFree(ours.manager);
  });
});
