import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { entityEventsIntake } from '@oriontel/activity';
import { startMailServer, type MailServer } from '@oriontel/notifications/testing';
import { startDeliveryWorker, createEmailSender, createWebhookSender } from '@oriontel/notifications/worker';
import { createLogger } from '@oriontel/service';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestGateway, createTestNotify, type TestGateway } from './testing.ts';

interface Created {
  event_id: string;
  notifications_sent: number;
  notifications_queued?: boolean;
}

const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const FROM = { name: 'OrionTel', address: 'no-reply@oriontel.example' };

let gateway: TestGateway;
let stopWorker: () => Promise<void>;
let mail: MailServer;
let stopDelivering: () => Promise<void>;
let now: Date;

/** The delivery engine of apps/eventlog-worker, with little patience. */
function deliver(smtpUrl: string) {
  const email = createEmailSender({ url: smtpUrl, from: FROM });
  const webhook = createWebhookSender({ allowPrivate: true });
  const engine = startDeliveryWorker({
    db: gateway.db,
    senders: { webhook: webhook.send, email: email.send },
    eventsQueue: entityEventsIntake.queue.name,
    log: createLogger('test', 'silent'),
    schedule: {
      firstDelaySeconds: 0.1,
      maxDelaySeconds: 0.2,
      giveUpAfterSeconds: 3_600,
      giveUpEmailAfterSeconds: 3_600,
    },
    intervalMs: 50,
  });
  return async function deliverInner() {
    await engine.stop(5_000);
    email.close();
    webhook.close();
  };
}

beforeAll(async () => {
  gateway = await startTestGateway({ notifyTimeoutMs: 15_000 });
  const channels = { email: true };
  stopWorker = gateway.startWorker(createTestNotify({ channels, now: () => now }));
  await gateway.call('/entities/device/desk', {
    method: 'PUT',
    as: gateway.ours.manager,
    body: { name: 'Desk' },
  });
});
beforeEach(async () => {
  now = new Date('2026-03-01T12:00:00Z');
  mail = await startMailServer({
    onRcptTo({ address }, _session, callback) {
      return callback(
        address.startsWith('nobody') ? Object.assign(new Error('No such user'), { responseCode: 550 }) : null,
      );
    },
  });
  stopDelivering = deliver(mail.url);
});
afterEach(async () => {
  await stopDelivering();
  await mail.close();
});
afterAll(async () => {
  await stopWorker();
  await gateway.close();
});

function rule(more: object = {}) {
  return {
    id: 'rule-001',
    name: 'Missed Call Alert',
    trigger: 'missed_call',
    channels: ['email'],
    template: 'You missed a call from {{caller_id}} at {{time}}',
    ...more,
  };
}
async function settle(rules: object[], preferences: object = {}, as = gateway.ours.manager) {
  const body = { notification_rules: rules, delivery_preferences: preferences };
  const { status, body: answer } = await gateway.call('/bespoke/notifier', { method: 'PUT', as, body });
  expect([status, answer]).toEqual([200, expect.anything()]);
}
const CALL: object = { caller_id: '+14155550123', time: '10:30' };
async function tell(entity: string, { as = gateway.ours.manager, data = CALL } = {}) {
  const body = { type: 'missed_call', data, notify: true };
  const { status, json } = await gateway.call<Created>(`/events/${entity}`, { method: 'PUT', as, body });
  expect([status, json.notifications_queued]).toEqual([200, undefined]);
  return json;
}
async function memberId() {
  return (await gateway.call<{ data: { id: number } }>('/auth/me', { as: gateway.ours.member })).json.data.id;
}
function arrived(count: number) {
  return expect.poll(() => mail.received.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count);
}
async function stateOf(eventId: string) {
  return (await gateway.db.delivery.findMany({ where: { eventId }, select: { state: true } })).map(
    ({ state }) => state,
  );
}

test('an email goes to the user whose event it is, else to the managers, and is counted in the answer', async () => {
  await settle([rule()]);
  expect((await tell(`user/${await memberId()}`)).notifications_sent).toBe(1);
  await arrived(1);
  expect(mail.received[0]).toMatchObject({ from: FROM.address, to: ['ours-member@example.com'] });
  expect(mail.received[0]!.raw).toContain('Subject: Missed Call Alert');
  expect(mail.received[0]!.raw).toContain('You missed a call from +14155550123 at 10:30');
  expect((await tell('device/desk')).notifications_sent).toBe(1);
  await arrived(2);
  expect(mail.received[1]!.to).toEqual(['ours-manager@example.com']);
  expect(mail.received).toHaveLength(2);
});

test('recipients of a rule get an email each, with nothing of the event but text in it', async () => {
  await settle([
    rule({
      recipients: ['ann@example.com', 'bob@example.com'],
      template: '{{caller_id}}{{__proto__.x}}{{constructor}}',
    }),
  ]);
  const caller = '<img src=x>\r\nBcc: eve@example.com\r\n.\r\n';
  expect((await tell('device/desk', { data: { caller_id: caller } })).notifications_sent).toBe(2);
  await arrived(2);
  expect(mail.received.flatMap(({ to }) => to).sort()).toEqual(['ann@example.com', 'bob@example.com']);
  for (const { raw } of mail.received) {
    expect(raw.slice(0, raw.indexOf('\r\n\r\n'))).not.toMatch(/^bcc:/im);
    expect(raw).toContain('&lt;img src=x&gt;');
    expect(raw).not.toContain('function');
  }
});

test('a mail server that is down gets it later, and one that refuses a receiver for good is not asked again', async () => {
  await stopDelivering();
  stopDelivering = deliver('smtp://127.0.0.1:1');
  await settle([rule({ recipients: ['ann@example.com', 'nobody@example.com'] })]);
  const { event_id } = await tell('device/desk');
  const failures = () => gateway.db.deliveryAttempt.count({ where: { delivery: { eventId: event_id } } });
  await expect.poll(failures, { timeout: 15_000 }).toBeGreaterThanOrEqual(4);
  expect(await stateOf(event_id)).toEqual(['pending', 'pending']);
  await stopDelivering();
  stopDelivering = deliver(mail.url);
  await expect
    .poll(async () => (await stateOf(event_id)).sort(), { timeout: 15_000 })
    .toEqual(['delivered', 'failed']);
  expect(mail.received.map(({ to }) => to)).toEqual([['ann@example.com']]);
  const refused = await gateway.db.deliveryAttempt.findMany({
    where: { delivery: { eventId: event_id, receiver: 'nobody@example.com' }, status: 550 },
  });
  expect(refused).toMatchObject([{ error: 'refused', response: '550 No such user' }]);
});

test('in quiet hours, beyond the hourly maximum and by rules of others nothing is sent', async () => {
  const quiet_hours = { enabled: true, start: '22:00', end: '07:00' };
  async function sentAt(time: string) {
    now = new Date(time);
    return (await tell('device/desk')).notifications_sent;
  }
  await settle([rule()], { quiet_hours, max_notifications_per_hour: 2 });
  await settle([rule({ recipients: ['eve@example.com'] })], {}, gateway.theirs.manager);
  expect(await sentAt('2026-03-02T23:59:59Z')).toBe(0);
  expect(await sentAt('2026-03-03T06:59:59Z')).toBe(0);
  expect(await sentAt('2026-03-03T07:00:00Z')).toBe(1);
  expect(await sentAt('2026-03-03T07:10:00Z')).toBe(1);
  expect(await sentAt('2026-03-03T07:59:59Z')).toBe(0);
  expect(await sentAt('2026-03-03T08:00:00Z')).toBe(1);
  await settle([rule()], { quiet_hours: { ...quiet_hours, enabled: false }, max_notifications_per_hour: 0 });
  expect(await sentAt('2026-03-03T09:00:00Z')).toBe(0);
  await settle([rule()], { quiet_hours: { ...quiet_hours, enabled: false } });
  expect(await sentAt('2026-03-03T23:00:00Z')).toBe(1);
  await arrived(4);
  expect(mail.received.map(({ to }) => to)).toEqual(Array(4).fill(['ours-manager@example.com']));
});

test('a text message reaches the webhook that asks for it, signed', async () => {
  const requests: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/sms`;
  async function subscribe(event_types: string[]) {
    return (
      await gateway.call('/webhooks', {
        as: gateway.ours.manager,
        body: { url, event_types, secret: SECRET },
      })
    ).status;
  }
  expect([await subscribe(['notification.sms']), await subscribe(['new_voicemail'])]).toEqual([201, 201]);
  await settle([rule({ channels: ['sms', 'email'], sms_to: ['+14155550100'] })]);
  const { event_id, notifications_sent } = await tell('device/desk');
  expect(notifications_sent).toBe(2);
  await expect.poll(() => requests.length, { timeout: 15_000 }).toBe(1);
  await arrived(1);

  const { headers, body } = requests[0]!;
  const sent = new Webhook(SECRET).verify(body, headers as Record<string, string>);
  expect(sent).toMatchObject({
    type: 'notification.sms',
    data: {
      rule: { id: 'rule-001', name: 'Missed Call Alert' },
      text: 'You missed a call from +14155550123 at 10:30',
      to: ['+14155550100'],
      event: { event_id, entity: 'device/desk', type: 'missed_call', org_id: gateway.ours.orgId },
    },
  });
  await stopDelivering();
  server.closeAllConnections();
  server.close();
});

test('a user of no organization has nobody written to by telling of itself', async () => {
  await settle([rule(), rule({ id: 'r2', channels: ['sms'] })], {}, gateway.admin);
  const { data } = (await gateway.call<{ data: { id: number } }>('/auth/me', { as: gateway.loner })).json;
  expect((await tell(`user/${data.id}`, { as: gateway.loner })).notifications_sent).toBe(0);
});
