import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { createLogger, createMetrics } from '@oriontel/service';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createNotify } from './create-notify.ts';
import type { NotifierRules } from './notifier/notifier-rules.ts';
import { startDeliveryService, type DeliveryServiceOptions } from './start-delivery-service.ts';
import { FAST_SCHEDULE, TEST_EVENTS_QUEUE } from './testing/delivery-worker.ts';
import { startMailServer } from './testing/mail-server.ts';
import { addWebhook, buildEvent, buildRule, buildRules, SECRET } from './testing/test-data.ts';
import { startReceiver } from './testing/webhook-receiver.ts';

const FROM = { name: 'OrionTel', address: 'no-reply@oriontel.example' };
const POLL = { timeout: 15_000 };

let store: TestDatabase;
let db: TestDatabase['db'];
beforeAll(async () => {
  store = await createTestDatabase();
  db = store.db;
});
afterAll(() => store.drop());

let orgCount = 100;
function nextOrgId(): number {
  orgCount += 1;
  return orgCount;
}

async function addMailServer() {
  const server = await startMailServer({
    onRcptTo({ address }, _session, callback) {
      const error = Object.assign(new Error('No such user'), { responseCode: 550 });
      callback(address.startsWith('nobody') ? error : null);
    },
  });
  onTestFinished(server.close);
  return server;
}

function startService(options: Partial<DeliveryServiceOptions> = {}) {
  const metrics = createMetrics();
  const service = startDeliveryService({
    db,
    log: createLogger('test', 'silent'),
    metrics,
    eventsQueue: TEST_EVENTS_QUEUE,
    allowPrivate: true,
    schedule: FAST_SCHEDULE,
    intervalMs: 50,
    ...options,
  });
  onTestFinished(() => service.stop(5_000));
  return { ...service, metrics };
}

/** Notifies of a missed call by the rules of its organization. Returns the id of the event. */
async function notify(orgId: number, rules: NotifierRules, data: Record<string, string>): Promise<string> {
  const event = buildEvent({ orgId, type: 'missed_call', data });
  const notifyOf = createNotify({
    findRules: async () => new Map([[orgId, rules]]),
    findEmails: async () => new Map([[event.entity, ['manager@example.com']]]),
    channels: { email: true },
    onSuppressed: () => undefined,
  });
  await db.$transaction((tx) => notifyOf(tx, [event]));
  return event.id;
}

async function statesOf(eventId: string): Promise<string[]> {
  const found = await db.delivery.findMany({ where: { eventId }, select: { state: true } });
  return found.map(({ state }) => state).sort();
}

test('each recipient of a rule gets an email that contains the event as text only', async () => {
  const mail = await addMailServer();
  startService({ mailServer: { url: mail.url, from: FROM } });
  const recipients = ['ann@example.com', 'bob@example.com'];
  const template = '{{caller_id}}{{__proto__.x}}{{constructor}}';
  const rules = buildRules({ rules: [buildRule({ recipients, template })] });
  await notify(nextOrgId(), rules, { caller_id: '<img src=x>\r\nBcc: eve@example.com\r\n.\r\n' });
  await expect.poll(() => mail.received.length, POLL).toBe(2);
  expect(mail.received.flatMap(({ to }) => to).sort()).toEqual(recipients);
  for (const { raw } of mail.received) {
    expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^bcc:/im);
    expect(raw).toContain('&lt;img src=x&gt;');
    expect(raw).not.toContain('function');
  }
});

test('emails are sent after an outage of the mail server; a refused one is not retried', async () => {
  const down = startService({ mailServer: { url: 'smtp://127.0.0.1:1', from: FROM } });
  const rules = buildRules({ rules: [buildRule({ recipients: ['ann@example.com', 'nobody@example.com'] })] });
  const eventId = await notify(nextOrgId(), rules, {});
  const countAttempts = () => db.deliveryAttempt.count({ where: { delivery: { eventId } } });
  await expect.poll(countAttempts, POLL).toBeGreaterThanOrEqual(4);
  expect(await statesOf(eventId)).toEqual(['pending', 'pending']);
  await down.stop(5_000);
  const mail = await addMailServer();
  startService({ mailServer: { url: mail.url, from: FROM } });
  await expect.poll(() => statesOf(eventId), POLL).toEqual(['delivered', 'failed']);
  expect(mail.received.map(({ to }) => to)).toEqual([['ann@example.com']]);
  const refused = await db.deliveryAttempt.findMany({
    where: { delivery: { eventId, receiver: 'nobody@example.com' }, status: 550 },
  });
  expect(refused).toMatchObject([{ error: 'refused', response: '550 No such user' }]);
});

test('a text message reaches the webhook that names notification.sms; attempts are counted', async () => {
  const receiver = await startReceiver(SECRET);
  onTestFinished(() => receiver.close());
  const service = startService();
  expect(service.channels).toEqual({ email: false });
  const orgId = nextOrgId();
  await addWebhook(db, receiver.url, { orgId, eventTypes: ['notification.sms'] });
  await addWebhook(db, receiver.url, { orgId, eventTypes: ['new_voicemail'] });
  const rules = buildRules({ rules: [buildRule({ channels: ['sms'], smsTo: ['+14155550100'] })] });
  const eventId = await notify(orgId, rules, { caller_id: '+14155550123' });
  await expect.poll(() => statesOf(eventId), POLL).toEqual(['delivered']);
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]!.payload).toMatchObject({
    type: 'notification.sms',
    data: {
      rule: { id: 'r1', name: 'Missed Call Alert' },
      text: 'Call from +14155550123',
      to: ['+14155550100'],
      event: { event_id: eventId, entity: 'device/dev-001', type: 'missed_call', org_id: orgId },
    },
  });
  const metrics = await service.metrics.metrics();
  expect(metrics).toContain('oriontel_deliveries_total 1');
  expect(metrics).toMatch(/oriontel_deliveries_pending \d/);
});
