import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { deliveryAttempts } from './delivery-attempt.repository.ts';
import { deliveries } from './delivery.repository.ts';
import type { NewDelivery } from './delivery.ts';
import type { Outcome, SendEmail } from './sender.ts';
import { FAST_RETRY_SCHEDULE, startTestDeliveryWorker } from './testing.ts';

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
function failed(final: boolean): Outcome {
  return {
    result: 'failed',
    final,
    status: final ? 550 : 450,
    error: 'status',
    detail: 'It was not taken.',
    response: null,
  };
}
const taken: Outcome = { result: 'taken', status: 250, response: 'OK' };

function start(send: SendEmail, more: object = {}) {
  const webhook = () => Promise.reject(new Error('there are no webhooks'));
  const engine = startTestDeliveryWorker(db, { senders: { webhook, email: send }, ...more });
  onTestFinished(() => engine.stop(1_000));
}
async function stateOf(receiver: string) {
  return db.delivery.findFirst({ where: { receiver }, select: { id: true, state: true, attempts: true } });
}
const patiently = { timeout: 15_000, interval: 20 };

test('each is for itself: one is taken, one is taken in the end, one is refused for good', async () => {
  let tries = 0;
  start(async ({ receiver }) => {
    if (receiver === 'no@example.com') return failed(true);
    return receiver === 'later@example.com' && (tries += 1) < 4 ? failed(false) : taken;
  });
  await deliveries(db).insert(['later@example.com', 'no@example.com', 'yes@example.com'].map(email));
  await expect
    .poll(() => stateOf('yes@example.com'), patiently)
    .toMatchObject({ state: 'delivered', attempts: 1 });
  await expect
    .poll(() => stateOf('no@example.com'), patiently)
    .toMatchObject({ state: 'failed', attempts: 1 });
  await expect
    .poll(() => stateOf('later@example.com'), patiently)
    .toMatchObject({ state: 'delivered', attempts: 4 });
  const { id } = (await stateOf('later@example.com'))!;
  expect((await deliveryAttempts(db).listByDelivery(id)).map(({ status }) => status)).toEqual([
    250, 450, 450, 450,
  ]);
});

test('one that is not taken for a day fails', async () => {
  start(async () => failed(false), { schedule: { ...FAST_RETRY_SCHEDULE, giveUpEmail: 0.5 } });
  await deliveries(db).insert([email('never@example.com')]);
  await expect.poll(() => stateOf('never@example.com'), patiently).toMatchObject({ state: 'failed' });
  expect((await stateOf('never@example.com'))!.attempts).toBeGreaterThan(1);
});

test('two workers send each once, and one whose worker died is sent by another when its lease ends', async () => {
  const sent: string[] = [];
  const send: SendEmail = async ({ receiver }) => {
    sent.push(receiver);
    return taken;
  };
  const all = Array.from({ length: 40 }, (_, i) => `user-${String(i).padStart(2, '0')}@example.com`);
  await deliveries(db).insert(all.map(email));
  const [lost] = await deliveries(db).claimEmails(1, 1);
  start(send);
  start(send);
  await expect.poll(() => sent.length, patiently).toBeGreaterThanOrEqual(40);
  await expect.poll(() => deliveries(db).countPending(), patiently).toBe(0);
  expect([...sent].sort()).toEqual(all);
  expect(sent).toContain(lost!.receiver);
});
