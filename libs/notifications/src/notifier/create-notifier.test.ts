import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NotifiableEvent } from '../notifiable-event.ts';
import type { SuppressedNotifications } from './summarize-suppressed.ts';
import { MAX_NOTIFICATIONS_PER_EVENT } from './list-receivers.ts';
import { buildRule as rule, buildRules as rules } from '../testing/test-data.ts';
import type { NotifierRules } from './notifier-rules.ts';
import { createNotifier, type NotifierOptions } from './create-notifier.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

const NOON = new Date('2026-03-01T12:00:00Z');
let orgs = 100;
/** Each test uses an organization of its own. */
const newOrg = () => (orgs += 1);

function event(orgId: number, overrides: Partial<NotifiableEvent> = {}): NotifiableEvent {
  return {
    id: `evt-20260301-${randomUUID()}`,
    orgId,
    entity: 'user/7',
    type: 'missed_call',
    data: { caller_id: '+14155550123' },
    at: '2026-03-01T11:59:00.000Z',
    position: uuidv7(),
    ...overrides,
  };
}
/** Notifies in a transaction of its own. Returns what was suppressed. */
async function notify(
  settings: Record<number, NotifierRules>,
  events: NotifiableEvent[],
  options: Partial<NotifierOptions> = {},
): Promise<SuppressedNotifications[]> {
  const suppressed: SuppressedNotifications[] = [];
  const notifier = createNotifier({
    async findRules(_tx, orgIds) {
      return new Map(orgIds.flatMap((orgId) => (settings[orgId] ? [[orgId, settings[orgId]]] : [])));
    },
    async findEmails(_tx, orgId, entities) {
      return new Map(entities.map((entity) => [entity, [`${entity.replace('/', '-')}@org${orgId}.example`]]));
    },
    channels: { email: true },
    onSuppressed: (one) => suppressed.push(one),
    now: () => NOON,
    ...options,
  });
  await store.db.$transaction((tx) => notifier(tx, events));
  return suppressed;
}

function findDeliveries(orgId: number) {
  return store.db.delivery.findMany({
    where: { orgId },
    select: { channel: true, receiver: true, ruleId: true, type: true, message: true },
    orderBy: { id: 'asc' },
  });
}
const receivers = async (orgId: number) => (await findDeliveries(orgId)).map(({ receiver }) => receiver);
async function webhook(orgId: number, eventTypes: string[], enabled = true) {
  const id = uuidv7();
  const url = 'https://hooks.example.com/';
  await store.db.webhook.create({ data: { id, orgId, url, eventTypes, secret: 'whsec_x', enabled } });
  return id;
}

test('an email goes once to each recipient of each triggered rule', async () => {
  const orgId = newOrg();
  const own = rules({
    rules: [
      rule({ recipients: ['ann@example.com', 'bob@example.com', 'Ann@Example.com'] }),
      rule({ id: 'r2', name: 'Other\r\nBcc: x@example.com', recipients: [], template: '{{entity}}' }),
      rule({ id: 'r3', trigger: 'new_voicemail' }),
      rule({ id: 'r4', enabled: false }),
    ],
  });
  const one = event(orgId);
  expect(await notify({ [orgId]: own }, [one, event(orgId, { type: 'registration' })])).toEqual([]);
  function email(receiver: string, ruleId: string, subject: string, text: string) {
    return {
      channel: 'email',
      receiver,
      ruleId,
      type: 'missed_call',
      message: { subject, text },
    };
  }
  const expected = [
    email('ann@example.com', 'r1', 'Missed Call Alert', 'Call from +14155550123'),
    email('bob@example.com', 'r1', 'Missed Call Alert', 'Call from +14155550123'),
    email(`user-7@org${orgId}.example`, 'r2', 'Other Bcc: x@example.com', 'user/7'),
  ];
  const found = await findDeliveries(orgId);
  expect(found).toHaveLength(3);
  expect(found).toEqual(expect.arrayContaining(expected));
});

test('a text message goes to the enabled webhooks that name notification.sms, with the event', async () => {
  const [orgId, other] = [newOrg(), newOrg()];
  const texting = await webhook(orgId, ['gateway_down', 'notification.sms']);
  await webhook(orgId, ['*']);
  await webhook(orgId, ['notification.sms'], false);
  await webhook(other, ['notification.sms']);
  const one = event(orgId, { data: { caller_id: 'x'.repeat(5_000) } });
  await notify({ [orgId]: rules({ rules: [rule({ channels: ['sms'], smsTo: ['+14155550100'] })] }) }, [one]);
  expect(await findDeliveries(other)).toEqual([]);
  expect(await findDeliveries(orgId)).toEqual([
    {
      channel: 'webhook',
      receiver: texting,
      ruleId: 'r1',
      type: 'notification.sms',
      message: {
        rule: { id: 'r1', name: 'Missed Call Alert' },
        text: `${'Call from '.padEnd(1_599, 'x')}…`,
        to: ['+14155550100'],
        event: {
          event_id: one.id,
          org_id: orgId,
          entity: 'user/7',
          type: 'missed_call',
          timestamp: '2026-03-01T11:59:00Z',
          data: one.data,
        },
      },
    },
  ]);
});

test('a rule is not triggered by events of another organization', async () => {
  const [ours, theirs] = [newOrg(), newOrg()];
  await notify({ [ours]: rules({ rules: [rule({ recipients: [] })] }) }, [event(ours), event(theirs)]);
  expect(await receivers(ours)).toEqual([`user-7@org${ours}.example`]);
  expect(await receivers(theirs)).toEqual([]);
});

test('without a mail server emails are not created, counted or looked up', async () => {
  const orgId = newOrg();
  const texting = await webhook(orgId, ['notification.sms']);
  const own = rules({ rules: [rule({ channels: ['sms', 'email'], recipients: [] })], maxPerHour: 1 });
  await notify({ [orgId]: own }, [event(orgId)], {
    channels: { email: false },
    findEmails: () => Promise.reject(new Error('unexpected lookup of addresses')),
  });
  expect(await receivers(orgId)).toEqual([texting]);
});

test('in quiet hours no delivery is created, and the suppression is reported', async () => {
  const [quiet, awake] = [newOrg(), newOrg()];
  const hours = (start: string, end: string) => rules({ quietHours: { start, end } });
  const settings = { [quiet]: hours('12:00', '13:00'), [awake]: hours('11:00', '12:00') };
  const events = [event(quiet), event(quiet), event(awake), event(quiet, { type: 'untriggered' })];
  expect(await notify(settings, events)).toEqual([{ orgId: quiet, reason: 'quiet hours', events: 2 }]);
  expect([await receivers(quiet), await receivers(awake)]).toEqual([[], ['ann@example.com']]);
});

test('the hourly maximum is exact for concurrent workers', async () => {
  const orgId = newOrg();
  const own = rules({
    rules: [rule({ recipients: ['a@example.com', 'b@example.com', 'c@example.com'] })],
    maxPerHour: 70,
  });
  const events = Array.from({ length: 100 }, () => event(orgId));
  const shares = [0, 1, 2, 3].map((worker) => events.filter((_, index) => index % 4 === worker));
  await Promise.all(
    shares.map(async (share) => {
      for (let i = 0; i < share.length; i += 5) await notify({ [orgId]: own }, share.slice(i, i + 5));
    }),
  );
  expect(await receivers(orgId)).toHaveLength(70);
  // The next hour, and a clock that is behind by a second.
  const suppressed = await notify(
    { [orgId]: own },
    events.slice(0, 30).map(() => event(orgId)),
    {
      now: () => new Date('2026-03-01T13:00:00Z'),
    },
  );
  expect(suppressed).toEqual([{ orgId, reason: 'hourly maximum', events: 7 }]);
  await notify({ [orgId]: own }, [event(orgId)], { now: () => new Date('2026-03-01T12:59:59Z') });
  expect(await receivers(orgId)).toHaveLength(140);
});

test('organizations have separate maximums, and concurrent batches do not deadlock', async () => {
  const [some, none] = [newOrg(), newOrg()];
  const settings = { [some]: rules({ maxPerHour: 20 }), [none]: rules({ maxPerHour: 0 }) };
  const both = () => [event(some), event(none)];
  const suppressed = await Promise.all(
    Array.from({ length: 40 }, (_, index) => notify(settings, index % 2 ? both() : both().reverse())),
  );
  expect(await receivers(some)).toHaveLength(20);
  expect(await receivers(none)).toEqual([]);
  expect(suppressed.flat().filter(({ orgId }) => orgId === none)).toHaveLength(40);
  const many = [newOrg(), newOrg(), newOrg()];
  const all = Object.fromEntries(many.map((orgId) => [orgId, rules()]));
  await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      notify(
        all,
        many.map((_orgId, at) => event(many[(index + at) % 3]!)),
      ),
    ),
  );
  for (const orgId of many) expect(await receivers(orgId)).toHaveLength(30);
});

test('a rolled-back transaction does not count against the hourly maximum', async () => {
  const orgId = newOrg();
  const own = rules({ maxPerHour: 1 });
  const notifier = createNotifier({
    findRules: async () => new Map([[orgId, own]]),
    findEmails: async () => new Map(),
    channels: { email: true },
    onSuppressed: () => undefined,
    now: () => NOON,
  });
  await store.db
    .$transaction(async (tx) => {
      await notifier(tx, [event(orgId)]);
      throw new Error('rolled back');
    })
    .catch(() => undefined);
  await notify({ [orgId]: own }, [event(orgId)]);
  expect(await receivers(orgId)).toHaveLength(1);
});

test('one event causes at most MAX_NOTIFICATIONS_PER_EVENT notifications', async () => {
  const orgId = newOrg();
  const recipients = Array.from({ length: 50 }, (_, index) => `a${index}@example.com`);
  const own = rules({ rules: Array.from({ length: 5 }, (_, n) => rule({ id: `r${n}`, recipients })) });
  const suppressed = await notify({ [orgId]: own }, [event(orgId)]);
  expect(suppressed).toEqual([{ orgId, reason: 'too many of one event', events: 1 }]);
  expect(await receivers(orgId)).toHaveLength(MAX_NOTIFICATIONS_PER_EVENT);
});
