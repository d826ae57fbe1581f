import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { callRecords } from '../calls/call-record.repository.ts';
import { presentCall } from '../calls/present-call.ts';
import { buildRecord } from '../testing.ts';
import { claimBatches } from './claim-batches.ts';
import { flood, behaviors, type Behavior } from './testing/behaviors.ts';
import { createTestOutbox, type TestOutbox } from './testing/outbox.ts';
import { startTestReceiver, type TestReceiver } from './testing/receiver.ts';
import { pruneDelivered } from './prune-delivered.ts';
import { forwardings } from './forwarding.repository.ts';
import { startForwarder, type Forwarder } from './start-forwarder.ts';
import { createSgapiClient } from './create-sgapi-client.ts';
import { redriveDeadLetters } from './redrive-dead-letters.ts';
import type { ForwardSchedule } from './forward-schedule.ts';
import { sgapiCircuit } from './sgapi-circuit.ts';

const ANY_TIME = { from: null, before: null };
const SECRET = 'a secret of the tests';
const FAST_SCHEDULE: ForwardSchedule = {
  firstDelaySeconds: 0.02,
  maxDelaySeconds: 0.2,
  giveUpAfterSeconds: 3_600,
  failureThreshold: 5,
  maxOpenSeconds: 0.1,
  leaseSeconds: 30,
};

let outbox: TestOutbox;
let receiver: TestReceiver;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  outbox = await createTestOutbox();
});
afterAll(() => outbox.drop());
beforeEach(async () => {
  await outbox.empty();
  receiver = await startTestReceiver(SECRET);
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await receiver.stop();
});

const errors: unknown[] = [];
function start(
  schedule: Partial<ForwardSchedule> = {},
  { timeoutMs = 5_000, concurrency = 3 } = {},
): Forwarder {
  const url = new URL(receiver.url);
  const client = createSgapiClient({ url, secret: SECRET, timeoutMs, maxConnections: concurrency });
  const forwarder = startForwarder({
    ...{ db: outbox.db, client, concurrency, intervalMs: 20 },
    schedule: { ...FAST_SCHEDULE, ...schedule },
    onSent: () => undefined,
    onError: (error) => errors.push(error),
  });
  closing.push(client.close, forwarder.stop);
  return forwarder;
}
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
function untilAll(state: string) {
  return until(async () =>
    expect(new Set((await outbox.rows()).map((row) => row.state))).toEqual(new Set([state])),
  );
}
const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);

test('a batch is sent signed, with its key, as GET /cdrs presents it', async () => {
  const records = [buildRecord({ caller: '(415) 555-0001' }), buildRecord(), buildRecord()];
  const [id] = await outbox.storeAll([records]);
  start();
  await untilAll('done');
  const [batch, ...others] = receiver.received;
  expect(others).toEqual([]);
  expect(batch).toMatchObject({ key: id, signed: true });
  expect(batch!.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': 'OrionTel',
    'x-request-id': 'req-1',
  });
  const legs = await callRecords(outbox.db).findByIds(
    1,
    (batch!.body.records as { id: string }[]).map((r) => r.id),
  );
  const inOrder = records.map(({ call_id }) => presentCall(legs.find(({ callId }) => callId === call_id)!));
  expect(batch!.body).toEqual({
    sgapi_reference: expect.stringMatching(/^sgapi-/) as string,
    batch_id: 'batch',
    org_id: 1,
    source: 'node',
    records: inOrder,
  });
  expect(inOrder[0]).toMatchObject({ caller: '+14155550001', caller_raw: '(415) 555-0001' });
  const submission = await outbox.db.cdrSubmission.findUniqueOrThrow({ where: { id: id! } });
  expect(submission.remoteReference).toBe(`remote-${id}`);
  expect(await outbox.row(id!)).toMatchObject({ legs: [], records: 3, attempts: 1 });
});

test('a submission forwards only the legs that it stored', async () => {
  const [a, b, c] = [buildRecord(), buildRecord(), buildRecord()];
  const [first, second, third] = await outbox.storeAll([[a, a], [a, b], [b]]);
  const [fourth] = await outbox.storeAll([[a, c, { nonsense: true }]]);
  start();
  await untilAll('done');
  const sent = receiver.received.map(({ key, body }) => [key, body.records.map((r) => r['call_id'])]);
  expect(new Map(sent as [string, unknown][])).toEqual(
    new Map([
      [first, [a.call_id]],
      [second, [b.call_id]],
      [fourth, [c.call_id]],
    ]),
  );
  expect(sent).not.toContainEqual([third, expect.anything()]);
});

test('a batch of 10,000 records is sent in one request', async () => {
  const [id] = await outbox.storeAll([Array.from({ length: 10_000 }, () => buildRecord())]);
  start({}, { timeoutMs: 20_000 });
  await untilAll('done');
  expect(receiver.received.map(({ key, body }) => [key, body.records.length])).toEqual([[id, 10_000]]);
});

describe.each([...Object.keys(behaviors), 'refuses connections'])('a receiver that %s', (behavior) => {
  test('gets every batch with one key after it has recovered', async () => {
    const ids = await outbox.storeNew(8);
    if (behavior === 'refuses connections') await receiver.down();
    else receiver.setBehavior(behavior as Behavior);
    start({}, { timeoutMs: behavior === 'hangs' || behavior.startsWith('trickles') ? 200 : 5_000 });
    const failed = async () => (await outbox.rows()).filter(({ reason }) => reason !== null).length;
    await until(async () => expect(await failed()).toBeGreaterThanOrEqual(3));
    expect(receiver.received).toEqual([]);
    expect((await outbox.rows()).map(({ state }) => state)).not.toContain('dead');
    if (behavior === 'refuses connections') await receiver.up();
    receiver.setBehavior('fine');
    await untilAll('done');
    expect(new Set(receiver.received.map(({ key }) => key))).toEqual(new Set(ids));
    expect(receiver.received.every(({ signed }) => signed)).toBe(true);
    await until(async () =>
      expect(await sgapiCircuit(outbox.db).read()).toEqual({ state: 'closed', failures: 0 }),
    );
  });
});

test('an endless response body is not read to the end', async () => {
  await outbox.storeNew(2);
  receiver.setBehavior(flood);
  start({}, { timeoutMs: 10_000 });
  await untilAll('done');
  expect(receiver.attempts()).toBe(2);
});

test('an open circuit lets only probes through', async () => {
  await outbox.storeNew(40);
  receiver.setBehavior('responds 500');
  start();
  const opens = async () => (await outbox.db.forwardCircuit.findUniqueOrThrow({ where: { id: 1 } })).opens;
  await until(async () => expect(await opens()).toBeGreaterThanOrEqual(4));
  // Five failures open it with at most three in flight; each further opening is one probe, and one may be in
  // flight.
  expect(receiver.attempts()).toBeLessThanOrEqual(5 + 3 + (await opens()) + 1);
  expect(await sgapiCircuit(outbox.db).read()).toMatchObject({ reason: 'HTTP 500: Oops' });
  receiver.setBehavior('fine');
  await untilAll('done');
  expect(receiver.received).toHaveLength(40);
});

test('two forwarders never send the same batch', async () => {
  const ids = await outbox.storeNew(60);
  receiver.setBehavior((response) => setTimeout(() => response.writeHead(200).end(), 5));
  start();
  start();
  await untilAll('done');
  expect([receiver.maxConcurrent(), receiver.attempts()]).toEqual([1, ids.length]);
});

test('a refused batch is a dead letter at once, with the reason, until it is redriven', async () => {
  const [id] = await outbox.storeNew(1);
  receiver.setBehavior((response) => response.writeHead(422).end('unknown trunk'));
  start();
  await untilAll('dead');
  expect(await outbox.row(id!)).toMatchObject({
    attempts: 1,
    reason: 'HTTP 422: unknown trunk',
    claim: null,
  });
  expect(await sgapiCircuit(outbox.db).read()).toEqual({ state: 'closed', failures: 0 });
  receiver.setBehavior('fine');
  expect(await redriveDeadLetters(outbox.db)(1, ANY_TIME)).toBe(1);
  await untilAll('done');
  expect(receiver.received).toMatchObject([{ key: id, body: { records: [{}, {}] } }]);
});

test('a batch that fails for longer than giveUpAfterSeconds becomes a dead letter', async () => {
  const [id] = await outbox.storeNew(1);
  receiver.setBehavior('responds 500');
  const forwarder = start();
  await until(async () => expect((await outbox.row(id!)).attempts).toBeGreaterThan(2));
  await forwarder.stop();
  expect(await outbox.row(id!)).toMatchObject({ state: 'pending' });
  await outbox.db.$executeRaw`UPDATE cdr_forwardings SET first_tried_at = now() - interval '1 hour'`;
  start();
  await untilAll('dead');
  expect(await outbox.row(id!)).toMatchObject({ reason: 'HTTP 500: Oops', claim: null });
});

test('redriveDeadLetters redrives those of the range and organization only', async () => {
  const other = await outbox.db.organization.create({ data: { name: 'other' } });
  function at(acceptedAt: string, orgId = 1) {
    return outbox.storeNew(1, { acceptedAt: new Date(acceptedAt), orgId });
  }
  const [before] = await at('2024-01-01T00:00:00Z');
  const [from] = await at('2024-01-02T00:00:00Z');
  const [to] = await at('2024-01-03T00:00:00Z');
  const [after] = await at('2024-01-03T00:00:00.001Z');
  const [theirs] = await at('2024-01-02T00:00:00Z', other.id);
  receiver.setBehavior((response) => response.writeHead(400).end());
  const forwarder = start();
  await untilAll('dead');
  await forwarder.stop();
  const stateOf = async () => Object.fromEntries((await outbox.rows()).map((row) => [row.id, row.state]));
  const range = { from: new Date('2024-01-02T00:00:00Z'), before: new Date('2024-01-03T00:00:00.001Z') };
  expect(await redriveDeadLetters(outbox.db)(1, range)).toBe(2);
  expect(await stateOf()).toEqual({
    ...{ [before!]: 'dead', [from!]: 'pending', [to!]: 'pending', [after!]: 'dead', [theirs!]: 'dead' },
  });
  expect(await redriveDeadLetters(outbox.db)(1, range)).toBe(0);
  expect(await redriveDeadLetters(outbox.db)(null, ANY_TIME)).toBe(3);
});

test('Retry-After delays the next attempt', async () => {
  const [id] = await outbox.storeNew(1);
  receiver.setBehavior((response) => response.writeHead(503, { 'retry-after': '100' }).end());
  start({ maxDelaySeconds: 600 });
  await until(async () => expect((await outbox.row(id!)).reason).toBe('HTTP 503'));
  const { due, claim } = await outbox.row(id!);
  expect([claim, due > 50 && due <= 100]).toEqual([null, true]);
});

test('stop puts the batches in flight back without counting the attempt', async () => {
  const [id] = await outbox.storeNew(1);
  receiver.setBehavior('hangs');
  const forwarder = start({}, { timeoutMs: 60_000 });
  await until(() => expect(receiver.attempts()).toBe(1));
  await forwarder.stop();
  const { state, attempts, claim, due } = await outbox.row(id!);
  expect({ state, attempts, claim, isDue: due <= 0 }).toEqual({
    ...{ state: 'pending', attempts: 0, claim: null, isDue: true },
  });
});

test('a batch of a killed process is sent after its lease, and its late result is ignored', async () => {
  const [id] = await outbox.storeNew(1);
  const [lost] = await claimBatches(outbox.db, 5, 30);
  expect(lost!.submissionId).toBe(id);
  expect(await claimBatches(outbox.db, 5, 30)).toEqual([]);
  await outbox.db.$executeRaw`UPDATE cdr_forwardings SET due_at = now()`;
  start();
  await untilAll('done');
  expect(receiver.received.map(({ key }) => key)).toEqual([id]);
  await forwardings(outbox.db).markDead(lost!, 'late result');
  expect(await outbox.row(id!)).toMatchObject({ state: 'done', attempts: 2, reason: null });
});

test('a batch whose legs were deleted is done without a request', async () => {
  const [id] = await outbox.storeNew(1);
  const { legs } = await outbox.row(id!);
  await outbox.db.$executeRaw`DELETE FROM cdrs WHERE id = ANY(${legs}::uuid[])`;
  start();
  await untilAll('done');
  expect(receiver.attempts()).toBe(0);
});

test('a rolled-back transaction leaves nothing to send', async () => {
  const record = buildRecord();
  await expect(
    outbox.db.$transaction(async (tx) => {
      await forwardings(tx).insert([
        {
          ...{ submissionId: '018d0c2a-5c40-7b1e-9f3a-2d6c7e8f9a0b', orgId: 1, batchId: 'b', source: 's' },
          ...{ sgapiReference: 'r', requestId: 'q', acceptedAt: new Date(), legs: [] },
        },
      ]);
      throw new Error(record.call_id);
    }),
  ).rejects.toThrow(record.call_id);
  expect(await outbox.rows()).toEqual([]);
});

test('pruneDelivered deletes batches delivered more than a week ago, and no others', async () => {
  const ids = await outbox.storeNew(4);
  const [old, young, dead] = ids;
  function set(id: string, state: string, days: number) {
    return outbox.db.$executeRaw`
      UPDATE cdr_forwardings
      SET state = ${state}, finished_at = now() - make_interval(days => ${days}::int)
      WHERE submission_id = ${id}::uuid`;
  }
  await set(old!, 'done', 8);
  await set(young!, 'done', 6);
  await set(dead!, 'dead', 100);
  expect(await pruneDelivered(outbox.db)).toBe(1);
  expect((await outbox.rows()).map(({ id }) => id)).toEqual(ids.slice(1));
});

test('concurrent claims on a half-open circuit yield one probe', async () => {
  await outbox.storeNew(10);
  await outbox.db.$executeRaw`
    UPDATE forward_circuit
    SET failures = 5, opens = 1, since = now(), open_until = now()`;
  const claimed = await Promise.all(Array.from({ length: 6 }, () => claimBatches(outbox.db, 5, 30)));
  expect(sum(claimed.map((batches) => batches.length))).toBe(1);
  expect(claimed.flat()).toMatchObject([{ isProbe: true }]);
  expect(await sgapiCircuit(outbox.db).read()).toMatchObject({ state: 'open' });
});

test('no forwarder reported an error', () => expect(errors).toEqual([]));
