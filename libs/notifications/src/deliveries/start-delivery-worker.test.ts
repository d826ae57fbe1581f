import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { intakeRows } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createWebhookSender } from '../webhooks/create-webhook-sender.ts';
import { hang, startReceiver, type ReceiverBehavior } from '../webhooks/testing.ts';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveryAttempts } from './delivery-attempt.repository.ts';
import { deliveries } from './delivery.repository.ts';
import { pruneDeliveries } from './prune-deliveries.ts';
import type { DeliveryWorkerOptions } from './start-delivery-worker.ts';
import {
  addWebhook,
  createTestDeliveries,
  FAST_RETRY_SCHEDULE,
  startTestDeliveryWorker,
  SECRET,
  TEST_EVENTS_QUEUE,
} from './testing.ts';

let store: TestDatabase;
let db: TestDatabase['db'];
beforeAll(async () => {
  store = await createTestDatabase();
  db = store.db;
});
afterAll(() => store.drop());

/** Organizations of their own: tests see nothing of each other. */
let org = 100;
const newOrg = (): number => (org += 1);

async function receiverWith(answering?: ReceiverBehavior) {
  const receiver = await startReceiver(SECRET, answering);
  onTestFinished(() => receiver.close());
  return receiver;
}
function start(more: Partial<DeliveryWorkerOptions> = {}) {
  const engine = startTestDeliveryWorker(db, more);
  onTestFinished(() => engine.stop(1_000));
  return engine;
}
async function listed(webhookId: string) {
  return (await deliveries(db).list(null, webhookId, {}, { limit: 500, offset: 0 })).items.reverse();
}
const statesOf = async (webhookId: string) => (await listed(webhookId)).map(({ state }) => state);
async function triesOf(webhookId: string) {
  return (
    await Promise.all((await listed(webhookId)).map(({ id }) => deliveryAttempts(db).listByDelivery(id)))
  ).flat();
}
const webhookOf = async (id: string) => (await webhooks(db).find(null, id))!;
vi.setConfig({ testTimeout: 60_000 });
const patiently = { timeout: 50_000, interval: 50 };

test('200 events come in order, each with its one id, whatever the receiver and two workers do meanwhile', async () => {
  const orgId = newOrg();
  const taken: string[] = [];
  let requests = 0;
  const receiver = await receiverWith(({ id }, response) => {
    requests += 1;
    const isIll = requests > 50 && requests <= 56;
    if (!isIll) taken.push(id);
    response.writeHead(isIll ? 500 : 204).end();
  });
  const webhookId = await addWebhook(db, receiver.url, { orgId });
  const ids = await createTestDeliveries(db, 200, { orgId });
  const workers = [start(), start()];
  await expect.poll(() => taken.length, patiently).toBeGreaterThan(100);
  await receiver.down();
  await expect.poll(async () => (await webhookOf(webhookId)).failures, patiently).toBeGreaterThan(0);
  await receiver.up();
  await expect.poll(() => statesOf(webhookId), patiently).toEqual(ids.map(() => 'delivered'));

  // Whoever was cut off in its answer was told again, before the next was.
  expect(taken.filter((id, index) => id !== taken[index - 1])).toEqual(ids);
  expect([receiver.state.most, receiver.state.bad]).toEqual([1, 0]);
  const tries = await triesOf(webhookId);
  expect(tries.filter(({ status }) => status === 500)).toHaveLength(6);
  expect(tries.filter(({ error }) => error === 'connection').length).toBeGreaterThan(0);
  expect(await webhookOf(webhookId)).toMatchObject({ failures: 0, failingSince: null, enabled: true });
  await Promise.all(workers.map((worker) => worker.stop(1_000)));
});

test('a message is what Standard Webhooks has it be', async () => {
  const orgId = newOrg();
  const receiver = await receiverWith();
  await addWebhook(db, receiver.url, { orgId });
  const [id] = await createTestDeliveries(db, 1, {
    orgId,
    type: 'gateway_down',
    data: { reason: 'é "quoted"' },
  });
  start();
  await expect.poll(() => receiver.got, patiently).toHaveLength(1);
  const [{ payload, headers }] = receiver.got as [(typeof receiver.got)[0]];
  expect(payload).toEqual({
    type: 'gateway_down',
    timestamp: '2024-01-15T10:30:00Z',
    data: { event_id: id, org_id: orgId, entity: 'device/dev-001', data: { reason: 'é "quoted"' } },
  });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/) as string,
    'webhook-signature': expect.stringMatching(/^v1,/) as string,
    'user-agent': expect.stringContaining('OrionTel') as string,
  });
});

test('many receivers that hang, refuse or fail delay nobody else', async () => {
  const orgId = newOrg();
  const ill = await receiverWith(hang);
  const failing = await receiverWith(500);
  for (let i = 0; i < 10; i += 1) await addWebhook(db, ill.url, { orgId });
  for (let i = 0; i < 10; i += 1) await addWebhook(db, failing.url, { orgId });
  await addWebhook(db, 'http://127.0.0.1:1/', { orgId });
  await createTestDeliveries(db, 3, { orgId });
  start({ senders: { webhook: createWebhookSender({ allowPrivate: true, timeoutMs: 60_000 }).send } });
  await expect.poll(() => ill.got.length, patiently).toBe(10);

  const well = newOrg();
  const receiver = await receiverWith();
  await addWebhook(db, receiver.url, { orgId: well });
  const ids = await createTestDeliveries(db, 20, { orgId: well });
  await expect.poll(receiver.ids, patiently).toEqual(ids);
  // One at a time for each of them.
  expect(ill.got).toHaveLength(10);
});

test('what a worker that died had in hand is taken over when its lease ends, not before', async () => {
  const orgId = newOrg();
  const receiver = await receiverWith();
  const id = await addWebhook(db, receiver.url, { orgId });
  await createTestDeliveries(db, 2, { orgId });
  expect(await webhooks(db).claim({ worker: randomUUID(), seconds: 1 }, false, 100)).toContain(id);
  const claimed = performance.now();
  start();
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered', 'delivered']);
  expect(performance.now() - claimed).toBeGreaterThan(950);
});

test('a worker that stops breaks off what hangs, and another takes it up at once', async () => {
  const orgId = newOrg();
  const receiver = await receiverWith(hang);
  const id = await addWebhook(db, receiver.url, { orgId });
  const [event] = await createTestDeliveries(db, 1, { orgId });
  const first = start({ leaseSeconds: 600 });
  await expect.poll(() => receiver.got.length, patiently).toBe(1);
  await first.stop(50);
  expect(await triesOf(id)).toEqual([]);
  receiver.state.answering = 204;
  start();
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
  expect(receiver.ids()).toEqual([event]);
});

test('an event waits for older ones of its organization that are not stored yet', async () => {
  const [orgId, other] = [newOrg(), newOrg()];
  const receiver = await receiverWith();
  const id = await addWebhook(db, receiver.url, { orgId });
  const otherId = await addWebhook(db, receiver.url, { orgId: other });
  const row = { id: uuidv7(), queue: TEST_EVENTS_QUEUE, orgId, key: 'device/dev-001' };
  await intakeRows(db).insert([{ ...row, payload: '{}', requestId: 'req' }], 60);
  await createTestDeliveries(db, 1, { orgId });
  const others = await createTestDeliveries(db, 5, { orgId: other });
  start();
  await expect.poll(() => statesOf(otherId), patiently).toEqual(others.map(() => 'delivered'));
  expect(await statesOf(id)).toEqual(['pending']);
  await intakeRows(db).remove([row.id]);
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
});

test('not for those that have been there for half a minute', async () => {
  const orgId = newOrg();
  const receiver = await receiverWith();
  const id = await addWebhook(db, receiver.url, { orgId });
  const old = uuidv7({ msecs: Date.now() - 31_000 });
  const row = { id: old, queue: TEST_EVENTS_QUEUE, orgId, key: 'device/dev-001' };
  await intakeRows(db).insert([{ ...row, payload: '{}', requestId: 'req' }], 60);
  await createTestDeliveries(db, 1, { orgId });
  start();
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
});

describe('a webhook that', () => {
  test('says 410 is disabled at once; what waits stays, and is sent when it is enabled again', async () => {
    const orgId = newOrg();
    const receiver = await receiverWith(410);
    const id = await addWebhook(db, receiver.url, { orgId });
    const ids = await createTestDeliveries(db, 3, { orgId });
    start();
    await expect.poll(async () => (await webhookOf(id)).enabled, patiently).toBe(false);
    expect((await webhookOf(id)).disabledReason).toContain('410');
    expect(await statesOf(id)).toEqual(['pending', 'pending', 'pending']);
    expect(receiver.got).toHaveLength(1);
    receiver.state.answering = 204;
    await webhooks(db).update(orgId, id, { enabled: true });
    await expect.poll(() => statesOf(id), patiently).toEqual(['delivered', 'delivered', 'delivered']);
    expect(receiver.ids()).toEqual(ids);
    expect(await webhookOf(id)).toMatchObject({ enabled: true, disabledReason: null });
  });

  test('fails for too long is disabled, not before, and says why', async () => {
    const orgId = newOrg();
    const receiver = await receiverWith(503);
    const id = await addWebhook(db, receiver.url, { orgId });
    await createTestDeliveries(db, 2, { orgId });
    start({ schedule: { ...FAST_RETRY_SCHEDULE, giveUpAfterSeconds: 1 } });
    await expect.poll(async () => (await webhookOf(id)).enabled, patiently).toBe(false);
    const tries = await triesOf(id);
    expect(tries.at(0)!.at.getTime() - tries.at(-1)!.at.getTime()).toBeGreaterThan(900);
    expect((await webhookOf(id)).disabledReason).toContain('The answer had the status 503.');
    expect(await statesOf(id)).toEqual(['pending', 'pending']);
    // Nothing is handed to it any more.
    await createTestDeliveries(db, 1, { orgId });
    expect(await statesOf(id)).toHaveLength(2);
  });

  test('is changed while it waits is tried at once', async () => {
    const orgId = newOrg();
    const [ill, well] = [await receiverWith(500), await receiverWith()];
    const id = await addWebhook(db, ill.url, { orgId });
    await createTestDeliveries(db, 1, { orgId });
    start({ schedule: { ...FAST_RETRY_SCHEDULE, firstDelaySeconds: 3_600, maxDelaySeconds: 3_600 } });
    await expect.poll(async () => (await webhookOf(id)).failures, patiently).toBe(1);
    await webhooks(db).update(orgId, id, { url: well.url });
    await expect.poll(() => statesOf(id), patiently).toEqual(['delivered']);
    expect(await triesOf(id)).toMatchObject([{ status: 204 }, { status: 500, error: 'status' }]);
  });

  test('is deleted is told nothing more', async () => {
    const [orgId, other] = [newOrg(), newOrg()];
    const receiver = await receiverWith(500);
    const id = await addWebhook(db, receiver.url, { orgId });
    await createTestDeliveries(db, 3, { orgId });
    const engine = start();
    await expect.poll(() => receiver.got.length, patiently).toBeGreaterThan(1);
    await webhooks(db).delete(orgId, id);
    const well = await receiverWith();
    await addWebhook(db, well.url, { orgId: other });
    await createTestDeliveries(db, 1, { orgId: other });
    await expect.poll(() => well.got.length, patiently).toBe(1);
    const last = receiver.got.length;
    await expect.poll(() => engine.prune(), patiently).toBe(0);
    expect(await statesOf(id)).toEqual([]);
    await createTestDeliveries(db, 1, { orgId: other });
    await expect.poll(() => well.got.length, patiently).toBe(2);
    expect(receiver.got.length).toBeLessThanOrEqual(last + 1);
  });
});

test('what was delivered is sent again on demand, in order and with the same ids; what came before stays on record', async () => {
  const orgId = newOrg();
  const receiver = await receiverWith();
  const id = await addWebhook(db, receiver.url, { orgId });
  const ids = await createTestDeliveries(db, 5, { orgId });
  const engine = start();
  await expect.poll(() => statesOf(id), patiently).toEqual(ids.map(() => 'delivered'));
  expect(await deliveries(db).replayAll(orgId + 1, id, null)).toBe(0);
  expect(await deliveries(db).replayAll(orgId, id, new Date(Date.now() + 60_000))).toBe(0);
  expect(await deliveries(db).replayAll(orgId, id, null)).toBe(5);
  engine.wake();
  await expect.poll(() => receiver.got.map((one) => one.id), patiently).toEqual([...ids, ...ids]);
  await expect.poll(() => triesOf(id), patiently).toHaveLength(10);
});

test('what ended a month ago is forgotten with its attempts, and what a disabled webhook would not take', async () => {
  const orgId = newOrg();
  const receiver = await receiverWith();
  const id = await addWebhook(db, receiver.url, { orgId });
  await createTestDeliveries(db, 2, { orgId });
  const engine = start();
  await expect.poll(() => statesOf(id), patiently).toEqual(['delivered', 'delivered']);
  await engine.stop(1_000);
  await createTestDeliveries(db, 2, { orgId });
  const [oldest, , waiting] = await listed(id);
  await db.$executeRaw`UPDATE deliveries SET finished_at = now() - interval '31 days' WHERE id = ${oldest!.id}::uuid`;
  await db.$executeRaw`UPDATE deliveries SET created_at = now() - interval '31 days' WHERE id = ${waiting!.id}::uuid`;
  expect(await pruneDeliveries(db)).toBe(1);
  expect(await triesOf(id)).toHaveLength(1);
  expect(await deliveryAttempts(db).listByDelivery(oldest!.id)).toEqual([]);
  await webhooks(db).update(orgId, id, { enabled: false });
  expect(await pruneDeliveries(db)).toBe(1);
  expect(await statesOf(id)).toEqual(['delivered', 'pending']);
});
