import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { intakeRows } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createWebhookSender } from '../webhooks/create-webhook-sender.ts';
import { FAST_SCHEDULE, startTestDeliveryWorker, TEST_EVENTS_QUEUE } from '../testing/delivery-worker.ts';
import { addWebhook, createTestDeliveries, SECRET } from '../testing/test-data.ts';
import { hang, startReceiver, type ReceiverBehavior } from '../testing/webhook-receiver.ts';
import { webhooks } from '../webhooks/webhook.repository.ts';
import { deliveryAttempts } from './delivery-attempt.repository.ts';
import { deliveries } from './delivery.repository.ts';
import { pruneDeliveries } from './prune-deliveries.ts';
import type { DeliveryWorkerOptions } from './start-delivery-worker.ts';

let store: TestDatabase;
let db: TestDatabase['db'];
beforeAll(async () => {
  store = await createTestDatabase();
  db = store.db;
});
afterAll(() => store.drop());

/** Each test uses organizations of its own. */
let org = 100;
const newOrg = (): number => (org += 1);

async function addReceiver(behavior?: ReceiverBehavior) {
  const receiver = await startReceiver(SECRET, behavior);
  onTestFinished(() => receiver.close());
  return receiver;
}
function start(options: Partial<DeliveryWorkerOptions> = {}) {
  const worker = startTestDeliveryWorker(db, options);
  onTestFinished(() => worker.stop(1_000));
  return worker;
}
async function listDeliveries(webhookId: string) {
  return (await deliveries(db).list(null, webhookId, {}, { limit: 500, offset: 0 })).items.reverse();
}
const statesOf = async (webhookId: string) => (await listDeliveries(webhookId)).map(({ state }) => state);
async function attemptsOf(webhookId: string) {
  return (
    await Promise.all(
      (await listDeliveries(webhookId)).map(({ id }) => deliveryAttempts(db).listByDelivery(id)),
    )
  ).flat();
}
const webhookOf = async (id: string) => (await webhooks(db).find(null, id))!;
vi.setConfig({ testTimeout: 60_000 });
const POLL = { timeout: 50_000, interval: 50 };

test('a worker claims a webhook again whose lease it could not release', async () => {
  const id = await addWebhook(db, 'http://127.0.0.1:1/', { orgId: newOrg() });
  await createTestDeliveries(db, 1, { orgId: org });
  const [lease, otherLease] = [randomUUID(), randomUUID()].map((worker) => ({ worker, seconds: 60 }));
  const claim = (by: typeof lease, inFlight: string[]) =>
    webhooks(db).claim(by!, { slow: false, inFlight, limit: 100 });
  expect(await claim(lease, [])).toContain(id);
  expect(await claim(otherLease, [])).not.toContain(id);
  expect(await claim(lease, [id])).not.toContain(id);
  expect(await claim(lease, [])).toContain(id);
  // No worker of a later test may send to it.
  await db.$executeRaw`DELETE FROM webhooks WHERE id = ${id}::uuid`;
});

test('200 events arrive in order with one id each, despite failures and two workers', async () => {
  const orgId = newOrg();
  const delivered: string[] = [];
  let requests = 0;
  const receiver = await addReceiver(({ id }, response) => {
    requests += 1;
    const isFailing = requests > 50 && requests <= 56;
    if (!isFailing) delivered.push(id);
    response.writeHead(isFailing ? 500 : 204).end();
  });
  const webhookId = await addWebhook(db, receiver.url, { orgId });
  const ids = await createTestDeliveries(db, 200, { orgId });
  const workers = [start(), start()];
  await expect.poll(() => delivered.length, POLL).toBeGreaterThan(100);
  await receiver.down();
  await expect.poll(async () => (await webhookOf(webhookId)).failures, POLL).toBeGreaterThan(0);
  await receiver.up();
  await expect.poll(() => statesOf(webhookId), POLL).toEqual(ids.map(() => 'delivered'));

  // A request whose response was cut off is repeated before the next delivery.
  expect(delivered.filter((id, index) => id !== delivered[index - 1])).toEqual(ids);
  expect([receiver.state.maxConcurrent, receiver.state.unsigned]).toEqual([1, 0]);
  const attempts = await attemptsOf(webhookId);
  expect(attempts.filter(({ status }) => status === 500)).toHaveLength(6);
  expect(attempts.filter(({ error }) => error === 'connection').length).toBeGreaterThan(0);
  expect(await webhookOf(webhookId)).toMatchObject({ failures: 0, failingSince: null, enabled: true });
  await Promise.all(workers.map((worker) => worker.stop(1_000)));
});

test('a message follows Standard Webhooks', async () => {
  const orgId = newOrg();
  const receiver = await addReceiver();
  await addWebhook(db, receiver.url, { orgId });
  const [id] = await createTestDeliveries(db, 1, {
    orgId,
    type: 'gateway_down',
    data: { reason: 'é "quoted"' },
  });
  start();
  await expect.poll(() => receiver.received, POLL).toHaveLength(1);
  const [{ payload, headers }] = receiver.received as [(typeof receiver.received)[0]];
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

test('receivers that hang, refuse or fail do not delay others', async () => {
  const orgId = newOrg();
  const hanging = await addReceiver(hang);
  const failing = await addReceiver(500);
  for (let i = 0; i < 10; i += 1) await addWebhook(db, hanging.url, { orgId });
  for (let i = 0; i < 10; i += 1) await addWebhook(db, failing.url, { orgId });
  await addWebhook(db, 'http://127.0.0.1:1/', { orgId });
  await createTestDeliveries(db, 3, { orgId });
  start({ senders: { webhook: createWebhookSender({ allowPrivate: true, timeoutMs: 60_000 }).send } });
  await expect.poll(() => hanging.received.length, POLL).toBe(10);

  const otherOrg = newOrg();
  const receiver = await addReceiver();
  await addWebhook(db, receiver.url, { orgId: otherOrg });
  const ids = await createTestDeliveries(db, 20, { orgId: otherOrg });
  await expect.poll(receiver.ids, POLL).toEqual(ids);
  // One request at a time per webhook.
  expect(hanging.received).toHaveLength(10);
});

test('a webhook of a dead worker is taken over when its lease ends, not before', async () => {
  const orgId = newOrg();
  const receiver = await addReceiver();
  const id = await addWebhook(db, receiver.url, { orgId });
  await createTestDeliveries(db, 2, { orgId });
  expect(
    await webhooks(db).claim({ worker: randomUUID(), seconds: 1 }, { slow: false, inFlight: [], limit: 100 }),
  ).toContain(id);
  const claimed = performance.now();
  start();
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered', 'delivered']);
  expect(performance.now() - claimed).toBeGreaterThan(950);
});

test('stop aborts a request in flight, and another worker sends it again at once', async () => {
  const orgId = newOrg();
  const receiver = await addReceiver(hang);
  const id = await addWebhook(db, receiver.url, { orgId });
  const [event] = await createTestDeliveries(db, 1, { orgId });
  const first = start({ leaseSeconds: 600 });
  await expect.poll(() => receiver.received.length, POLL).toBe(1);
  await first.stop(50);
  expect(await attemptsOf(id)).toEqual([]);
  receiver.state.behavior = 204;
  start();
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
  expect(receiver.ids()).toEqual([event]);
});

test('a delivery waits for older events of its organization that are not stored yet', async () => {
  const [orgId, otherOrg] = [newOrg(), newOrg()];
  const receiver = await addReceiver();
  const id = await addWebhook(db, receiver.url, { orgId });
  const otherId = await addWebhook(db, receiver.url, { orgId: otherOrg });
  const row = { id: uuidv7(), queue: TEST_EVENTS_QUEUE, orgId, key: 'device/dev-001' };
  await intakeRows(db).insert([{ ...row, payload: '{}', requestId: 'req' }], 60);
  await createTestDeliveries(db, 1, { orgId });
  const otherIds = await createTestDeliveries(db, 5, { orgId: otherOrg });
  start();
  await expect.poll(() => statesOf(otherId), POLL).toEqual(otherIds.map(() => 'delivered'));
  expect(await statesOf(id)).toEqual(['pending']);
  await intakeRows(db).remove([row.id]);
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
});

test('a delivery does not wait for events that are more than 30 seconds old', async () => {
  const orgId = newOrg();
  const receiver = await addReceiver();
  const id = await addWebhook(db, receiver.url, { orgId });
  const old = uuidv7({ msecs: Date.now() - 31_000 });
  const row = { id: old, queue: TEST_EVENTS_QUEUE, orgId, key: 'device/dev-001' };
  await intakeRows(db).insert([{ ...row, payload: '{}', requestId: 'req' }], 60);
  await createTestDeliveries(db, 1, { orgId });
  start();
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
});

describe('a webhook that', () => {
  test('responds 410 is disabled at once and gets its pending deliveries when enabled', async () => {
    const orgId = newOrg();
    const receiver = await addReceiver(410);
    const id = await addWebhook(db, receiver.url, { orgId });
    const ids = await createTestDeliveries(db, 3, { orgId });
    start();
    await expect.poll(async () => (await webhookOf(id)).enabled, POLL).toBe(false);
    expect((await webhookOf(id)).disabledReason).toContain('410');
    expect(await statesOf(id)).toEqual(['pending', 'pending', 'pending']);
    expect(receiver.received).toHaveLength(1);
    receiver.state.behavior = 204;
    await webhooks(db).update(orgId, id, { enabled: true });
    await expect.poll(() => statesOf(id), POLL).toEqual(['delivered', 'delivered', 'delivered']);
    expect(receiver.ids()).toEqual(ids);
    expect(await webhookOf(id)).toMatchObject({ enabled: true, disabledReason: null });
  });

  test('fails for giveUpAfterSeconds is disabled, not before, with the reason', async () => {
    const orgId = newOrg();
    const receiver = await addReceiver(503);
    const id = await addWebhook(db, receiver.url, { orgId });
    await createTestDeliveries(db, 2, { orgId });
    start({ schedule: { ...FAST_SCHEDULE, giveUpAfterSeconds: 1 } });
    await expect.poll(async () => (await webhookOf(id)).enabled, POLL).toBe(false);
    const attempts = await attemptsOf(id);
    expect(attempts.at(0)!.at.getTime() - attempts.at(-1)!.at.getTime()).toBeGreaterThan(900);
    expect((await webhookOf(id)).disabledReason).toContain('The response status was 503.');
    expect(await statesOf(id)).toEqual(['pending', 'pending']);
    // It gets no new deliveries.
    await createTestDeliveries(db, 1, { orgId });
    expect(await statesOf(id)).toHaveLength(2);
  });

  test('gets a new URL during a retry delay is called at once', async () => {
    const orgId = newOrg();
    const [failing, recovered] = [await addReceiver(500), await addReceiver()];
    const id = await addWebhook(db, failing.url, { orgId });
    await createTestDeliveries(db, 1, { orgId });
    start({ schedule: { ...FAST_SCHEDULE, firstDelaySeconds: 3_600, maxDelaySeconds: 3_600 } });
    await expect.poll(async () => (await webhookOf(id)).failures, POLL).toBe(1);
    await webhooks(db).update(orgId, id, { url: recovered.url });
    await expect.poll(() => statesOf(id), POLL).toEqual(['delivered']);
    expect(await attemptsOf(id)).toMatchObject([{ status: 204 }, { status: 500, error: 'status' }]);
  });

  test('is deleted receives nothing more', async () => {
    const [orgId, otherOrg] = [newOrg(), newOrg()];
    const receiver = await addReceiver(500);
    const id = await addWebhook(db, receiver.url, { orgId });
    await createTestDeliveries(db, 3, { orgId });
    const worker = start();
    await expect.poll(() => receiver.received.length, POLL).toBeGreaterThan(1);
    await webhooks(db).delete(orgId, id);
    const otherReceiver = await addReceiver();
    await addWebhook(db, otherReceiver.url, { orgId: otherOrg });
    await createTestDeliveries(db, 1, { orgId: otherOrg });
    await expect.poll(() => otherReceiver.received.length, POLL).toBe(1);
    const last = receiver.received.length;
    await expect.poll(() => worker.prune(), POLL).toBe(0);
    expect(await statesOf(id)).toEqual([]);
    await createTestDeliveries(db, 1, { orgId: otherOrg });
    await expect.poll(() => otherReceiver.received.length, POLL).toBe(2);
    expect(receiver.received.length).toBeLessThanOrEqual(last + 1);
  });
});

test('replayAll sends delivered events again in order, with the same ids', async () => {
  const orgId = newOrg();
  const receiver = await addReceiver();
  const id = await addWebhook(db, receiver.url, { orgId });
  const ids = await createTestDeliveries(db, 5, { orgId });
  const worker = start();
  await expect.poll(() => statesOf(id), POLL).toEqual(ids.map(() => 'delivered'));
  expect(await deliveries(db).replayAll(orgId + 1, id, null)).toBe(0);
  expect(await deliveries(db).replayAll(orgId, id, new Date(Date.now() + 60_000))).toBe(0);
  expect(await deliveries(db).replayAll(orgId, id, null)).toBe(5);
  worker.wake();
  await expect
    .poll(() => receiver.received.map(({ id: messageId }) => messageId), POLL)
    .toEqual([...ids, ...ids]);
  await expect.poll(() => attemptsOf(id), POLL).toHaveLength(10);
});

test('pruneDeliveries deletes old finished deliveries and those of disabled webhooks', async () => {
  const orgId = newOrg();
  const receiver = await addReceiver();
  const id = await addWebhook(db, receiver.url, { orgId });
  await createTestDeliveries(db, 2, { orgId });
  const worker = start();
  await expect.poll(() => statesOf(id), POLL).toEqual(['delivered', 'delivered']);
  await worker.stop(1_000);
  await createTestDeliveries(db, 2, { orgId });
  const [oldest, , pending] = await listDeliveries(id);
  await db.$executeRaw`
    UPDATE deliveries
    SET finished_at = now() - interval '31 days'
    WHERE id = ${oldest!.id}::uuid`;
  await db.$executeRaw`
    UPDATE deliveries
    SET created_at = now() - interval '31 days'
    WHERE id = ${pending!.id}::uuid`;
  expect(await pruneDeliveries(db)).toBe(1);
  expect(await attemptsOf(id)).toHaveLength(1);
  expect(await deliveryAttempts(db).listByDelivery(oldest!.id)).toEqual([]);
  await webhooks(db).update(orgId, id, { enabled: false });
  expect(await pruneDeliveries(db)).toBe(1);
  expect(await statesOf(id)).toEqual(['delivered', 'pending']);
});
