import { entityEventsIntake } from '@oriontel/activity';
import {
  FAST_SCHEDULE,
  startMailServer,
  startReceiver,
  type MailServer,
} from '@oriontel/notifications/testing';
import { startDeliveryService, type DeliveryService } from '@oriontel/notifications/worker';
import { createLogger, createMetrics } from '@oriontel/service';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { startTestGateway, createTestNotify, type TestGateway } from './testing.ts';

interface Created {
  event_id: string;
  notifications_sent: number;
  notifications_queued?: boolean;
}

const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const FROM = { name: 'OrionTel', address: 'no-reply@oriontel.example' };
const POLL = { timeout: 15_000 };

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
let mail: MailServer;
let delivery: DeliveryService;
let now: Date;

beforeAll(async () => {
  gateway = await startTestGateway({ notifyTimeoutMs: 15_000 });
  stopWorker = gateway.startWorker(createTestNotify({ channels: { email: true }, now: () => now }));
  const body = { name: 'Desk' };
  await gateway.call('/entities/device/desk', { method: 'PUT', as: gateway.ours.manager, body });
});
beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z');
  mail = await startMailServer();
  delivery = startDeliveryService({
    db: gateway.db,
    log: createLogger('test', 'silent'),
    metrics: createMetrics(),
    eventsQueue: entityEventsIntake.queue.name,
    allowPrivate: true,
    mailServer: { url: mail.url, from: FROM },
    schedule: FAST_SCHEDULE,
    intervalMs: 50,
  });
});
afterEach(async () => {
  await delivery.stop(5_000);
  await mail.close();
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

function buildRule(overrides: object = {}) {
  return {
    id: 'rule-001',
    name: 'Missed Call Alert',
    trigger: 'missed_call',
    channels: ['email'],
    template: 'You missed a call from {{caller_id}} at {{time}}',
    ...overrides,
  };
}
async function saveRules(rules: object[], preferences: object = {}, as = gateway.ours.manager) {
  const body = { notification_rules: rules, delivery_preferences: preferences };
  const { status, body: text } = await gateway.call('/bespoke/notifier', { method: 'PUT', as, body });
  expect([status, text]).toEqual([200, expect.anything()]);
}
async function putEvent(entity: string, as = gateway.ours.manager): Promise<Created> {
  const data = { caller_id: '+14155550123', time: '10:30' };
  const body = { type: 'missed_call', data, notify: true };
  const { status, json } = await gateway.call<Created>(`/events/${entity}`, { method: 'PUT', as, body });
  expect([status, json.notifications_queued]).toEqual([200, undefined]);
  return json;
}
async function readUserId(as: string) {
  return (await gateway.call<{ data: { id: number } }>('/auth/me', { as })).json.data.id;
}
function expectEmails(count: number) {
  return expect.poll(() => mail.received.length, POLL).toBe(count);
}

test('an email goes to the user of the event, else to the managers, and the response counts it', async () => {
  await saveRules([buildRule()]);
  expect((await putEvent(`user/${await readUserId(gateway.ours.member)}`)).notifications_sent).toBe(1);
  await expectEmails(1);
  expect(mail.received[0]).toMatchObject({ from: FROM.address, to: ['ours-member@example.com'] });
  expect(mail.received[0]!.raw).toContain('Subject: Missed Call Alert');
  expect(mail.received[0]!.raw).toContain('You missed a call from +14155550123 at 10:30');
  expect((await putEvent('device/desk')).notifications_sent).toBe(1);
  await expectEmails(2);
  expect(mail.received[1]!.to).toEqual(['ours-manager@example.com']);
});

test('a webhook and a text message rule both notify of an event, and the response counts them', async () => {
  const receiver = await startReceiver(SECRET);
  onTestFinished(() => receiver.close());
  const as = gateway.ours.manager;
  for (const event_types of [['missed_call'], ['notification.sms'], ['new_voicemail']]) {
    const body = { url: receiver.url, event_types, secret: SECRET };
    expect((await gateway.call('/webhooks', { as, body })).status).toBe(201);
  }
  onTestFinished(() => gateway.db.webhook.deleteMany().then(() => undefined));
  await saveRules([buildRule({ channels: ['sms', 'email'], sms_to: ['+14155550100'] })]);
  const { event_id, notifications_sent } = await putEvent('device/desk');
  expect(notifications_sent).toBe(3);
  await expectEmails(1);
  await expect.poll(() => receiver.received.length, POLL).toBe(2);
  const byType = new Map(receiver.received.map(({ payload }) => [payload.type, payload.data]));
  expect(byType.get('missed_call')).toMatchObject({ event_id, entity: 'device/desk' });
  expect(byType.get('notification.sms')).toMatchObject({
    rule: { id: 'rule-001', name: 'Missed Call Alert' },
    text: 'You missed a call from +14155550123 at 10:30',
    to: ['+14155550100'],
    event: { event_id, entity: 'device/desk', type: 'missed_call', org_id: gateway.ours.orgId },
  });
});

test('quiet hours, the hourly maximum and rules of another organization suppress emails', async () => {
  const quiet_hours = { enabled: true, start: '22:00', end: '07:00' };
  async function countSentAt(time: string) {
    now = new Date(time);
    return (await putEvent('device/desk')).notifications_sent;
  }
  await saveRules([buildRule()], { quiet_hours, max_notifications_per_hour: 2 });
  await saveRules([buildRule({ recipients: ['eve@example.com'] })], {}, gateway.theirs.manager);
  expect(await countSentAt('2026-03-02T23:59:59Z')).toBe(0);
  expect(await countSentAt('2026-03-03T06:59:59Z')).toBe(0);
  expect(await countSentAt('2026-03-03T07:00:00Z')).toBe(1);
  expect(await countSentAt('2026-03-03T07:10:00Z')).toBe(1);
  expect(await countSentAt('2026-03-03T07:59:59Z')).toBe(0);
  expect(await countSentAt('2026-03-03T08:00:00Z')).toBe(1);
  const disabled = { ...quiet_hours, enabled: false };
  await saveRules([buildRule()], { quiet_hours: disabled, max_notifications_per_hour: 0 });
  expect(await countSentAt('2026-03-03T09:00:00Z')).toBe(0);
  await saveRules([buildRule()], { quiet_hours: disabled });
  expect(await countSentAt('2026-03-03T23:00:00Z')).toBe(1);
  await expectEmails(4);
  expect(mail.received.map(({ to }) => to)).toEqual(Array(4).fill(['ours-manager@example.com']));
});

test('an event of a user without an organization notifies nobody', async () => {
  await saveRules([buildRule(), buildRule({ id: 'r2', channels: ['sms'] })], {}, gateway.admin);
  const id = await readUserId(gateway.unassigned);
  expect((await putEvent(`user/${id}`, gateway.unassigned)).notifications_sent).toBe(0);
});
