import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { deliveryAttempts } from './delivery-attempt.repository.ts';
import { deliveries } from './delivery.repository.ts';
import type { NewDelivery } from './delivery.ts';
import type { Outcome, SendEmail } from './sender.ts';
import { FAST_SCHEDULE, startTestDeliveryWorker } from '../testing/delivery-worker.ts';
import type { DeliveryWorkerOptions } from './start-delivery-worker.ts';

let store: TestDatabase;
let db: TestDatabase['db'];
beforeAll(async () => {
  store = await createTestDatabase();
  db = store.db;
});
afterAll(() => store.drop());

function email(receiver: string): NewDelivery {
  return {
    orgId: 1,
    eventId: `evt-${uuidv7()}`,
    position: uuidv7(),
    channel: 'email',
    receiver,
    ruleId: 'rule-001',
    type: 'missed_call',
    at: '2024-01-15T10:30:00Z',
    message: { subject: 'Missed Call Alert', text: 'You missed a call' },
  };
}
function failed(isPermanent: boolean): Outcome {
  return {
    result: 'failed',
    isPermanent,
    status: isPermanent ? 550 : 450,
    error: 'status',
    detail: 'The mail server refused the email.',
    response: null,
  };
}
const delivered: Outcome = { result: 'delivered', status: 250, response: 'OK' };

function start(send: SendEmail, options: Partial<DeliveryWorkerOptions> = {}) {
  const webhook = () => Promise.reject(new Error('unexpected webhook'));
  const worker = startTestDeliveryWorker(db, { senders: { webhook, email: send }, ...options });
  onTestFinished(() => worker.stop(1_000));
}
async function stateOf(receiver: string) {
  return db.delivery.findFirst({ where: { receiver }, select: { id: true, state: true, attempts: true } });
}
const POLL = { timeout: 15_000, interval: 20 };

test('each email is retried until it is delivered or permanently refused', async () => {
  let attempts = 0;
  start(async ({ receiver }) => {
    if (receiver === 'no@example.com') return failed(true);
    return receiver === 'later@example.com' && (attempts += 1) < 4 ? failed(false) : delivered;
  });
  await deliveries(db).insert(['later@example.com', 'no@example.com', 'yes@example.com'].map(email));
  await expect
    .poll(() => stateOf('yes@example.com'), POLL)
    .toMatchObject({ state: 'delivered', attempts: 1 });
  await expect.poll(() => stateOf('no@example.com'), POLL).toMatchObject({ state: 'failed', attempts: 1 });
  await expect
    .poll(() => stateOf('later@example.com'), POLL)
    .toMatchObject({ state: 'delivered', attempts: 4 });
  const { id } = (await stateOf('later@example.com'))!;
  expect((await deliveryAttempts(db).listByDelivery(id)).map(({ status }) => status)).toEqual([
    250, 450, 450, 450,
  ]);
});

test('an email that still fails after giveUpEmailAfterSeconds is failed', async () => {
  start(async () => failed(false), { schedule: { ...FAST_SCHEDULE, giveUpEmailAfterSeconds: 0.5 } });
  await deliveries(db).insert([email('never@example.com')]);
  await expect.poll(() => stateOf('never@example.com'), POLL).toMatchObject({ state: 'failed' });
  expect((await stateOf('never@example.com'))!.attempts).toBeGreaterThan(1);
});

test('two workers send each email once, and one takes over from a dead worker after its lease', async () => {
  const sent: string[] = [];
  const send: SendEmail = async ({ receiver }) => {
    sent.push(receiver);
    return delivered;
  };
  const all = Array.from({ length: 40 }, (_, i) => `user-${String(i).padStart(2, '0')}@example.com`);
  await deliveries(db).insert(all.map(email));
  const [lost] = await deliveries(db).claimEmails(1, 1);
  start(send);
  start(send);
  await expect.poll(() => sent.length, POLL).toBeGreaterThanOrEqual(40);
  await expect.poll(() => deliveries(db).countPending(), POLL).toBe(0);
  expect([...sent].sort()).toEqual(all);
  expect(sent).toContain(lost!.receiver);
});
