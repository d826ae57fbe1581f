import { buildBatch, startTestReceiver, type TestReceiver } from '@oriontel/cdr/testing';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { startAppStack, type AppStack } from '@oriontel/devstack/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { signUpAdmin, type ApiClient } from './api-client.ts';

const SECRET = 'a secret of the tests';
const BATCHES = 60;
const RECORDS = 40;

let database: TestDatabase;
let receiver: TestReceiver;
let stack: AppStack;
let admin: ApiClient;
beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await startTestReceiver(SECRET);
  const env = {
    ...{ PATH: process.env['PATH'], LOG_LEVEL: 'fatal', SWEEP_GRACE: '1', RATE_LIMITS: 'off' },
    ...{ SGAPI_URL: receiver.url, SGAPI_SECRET: SECRET },
  };
  stack = await startAppStack({ databaseUrl: database.url, redisUrl: null, env });
  admin = await signUpAdmin(stack.baseUrl);
}, 60_000);
afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
  await database?.drop();
}, 30_000);

async function sendBatch(): Promise<void> {
  const body = JSON.stringify(buildBatch(RECORDS));
  await admin.send('/cdr/forwarded', { method: 'POST', body });
}
const waitUntil = (check: () => unknown, timeout: number) => vi.waitFor(check, { timeout, interval: 100 });
const countStoredCdrs = () => database.db.cdr.count();

interface Status {
  pending: number;
  done: number;
  dead: number;
  circuit: { state: string };
}
const readStatus = async () => ((await admin.send('/cdrs/forwarding')) as unknown as { data: Status }).data;

async function killWorker(): Promise<void> {
  const killed = stack.pids()['worker']!;
  process.kill(killed, 'SIGKILL');
  await waitUntil(() => expect(stack.pids()['worker']).not.toBe(killed), 15_000);
}

async function readAllCdrs(): Promise<Map<string, object>> {
  const found = new Map<string, object>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const query: string = cursor && `&cursor=${cursor}`;
    const page = (await admin.send(`/cdrs?limit=500${query}`)) as {
      data: { id: string }[];
      meta: { next_cursor: string | null };
    };
    for (const cdr of page.data) found.set(cdr.id, cdr);
    cursor = page.meta.next_cursor;
  }
  return found;
}

it('batches are stored at once and forwarded later when receiver and worker fail', async () => {
  const phases: (() => Promise<void>)[] = [
    async () => receiver.setBehavior('hangs'),
    async () => receiver.setBehavior('resets the connection'),
    () => receiver.down(),
    async () => {
      await receiver.up();
      receiver.setBehavior('responds 500');
    },
  ];
  for (const [index, begin] of phases.entries()) {
    await begin();
    for (let i = 0; i < BATCHES / phases.length; i += 1) await sendBatch();
    if (index === 0) {
      // Kill the worker with batches in flight.
      await waitUntil(() => expect(receiver.attempts()).toBeGreaterThan(0), 30_000);
      await killWorker();
    }
    const sent = ((index + 1) * BATCHES * RECORDS) / phases.length;
    await waitUntil(async () => expect(await countStoredCdrs()).toBe(sent), 30_000);
  }
  await waitUntil(async () => {
    const { circuit, ...counts } = await readStatus();
    expect(counts).toMatchObject({ pending: BATCHES, done: 0, dead: 0 });
    expect(circuit.state).not.toBe('closed');
  }, 60_000);
  expect(receiver.received).toEqual([]);

  receiver.setBehavior('fine');
  await waitUntil(async () => {
    expect(await readStatus()).toMatchObject({
      pending: 0,
      done: BATCHES,
      dead: 0,
      circuit: { state: 'closed' },
    });
  }, 120_000);

  const submissions = await database.db.cdrSubmission.findMany();
  const keys = new Set(receiver.received.map(({ key }) => key));
  expect(keys).toEqual(new Set(submissions.map(({ id }) => id)));
  expect(receiver.received.every(({ signed }) => signed)).toBe(true);
  expect(submissions.every(({ id, remoteReference }) => remoteReference === `remote-${id}`)).toBe(true);
  const cdrs = await readAllCdrs();
  const arrived = new Map(receiver.received.flatMap(({ body }) => body.records.map((r) => [r['id'], r])));
  expect(arrived).toEqual(cdrs);
}, 300_000);

it('a killed worker resends its batches in flight under the same idempotency key', async () => {
  const known = new Set((await database.db.cdrSubmission.findMany()).map(({ id }) => id));
  receiver.received.length = 0;
  const keys = new Set<string>();
  // Slow enough to kill the worker with requests in flight.
  receiver.setBehavior((response) =>
    setTimeout(() => {
      response.writeHead(200).end();
      keys.add(String(response.req.headers['idempotency-key']));
    }, 50),
  );
  const before = receiver.attempts();
  for (let i = 0; i < BATCHES; i += 1) await sendBatch();
  await waitUntil(() => expect(receiver.attempts() - before).toBeGreaterThan(5), 30_000);
  await killWorker();
  receiver.setBehavior('fine');
  await waitUntil(async () => {
    expect(await readStatus()).toMatchObject({ pending: 0, done: 2 * BATCHES, dead: 0 });
  }, 120_000);
  for (const { key } of receiver.received) keys.add(key);
  const sent = (await database.db.cdrSubmission.findMany()).map(({ id }) => id);
  expect(keys).toEqual(new Set(sent.filter((id) => !known.has(id))));
  expect(await countStoredCdrs()).toBe(2 * BATCHES * RECORDS);
}, 180_000);
