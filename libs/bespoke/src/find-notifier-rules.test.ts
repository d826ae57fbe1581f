import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bespokeSettings } from './bespoke-setting.repository.ts';
import { findNotifierRules } from './find-notifier-rules.ts';
import { DEFAULT_MAX_PER_HOUR, NotifierSettings } from './notifier.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

function rule(more: object = {}) {
  return {
    id: 'rule-001',
    name: 'Missed Call Alert',
    trigger: 'missed_call',
    channels: ['sms', 'email'],
    template: 'Call from {{caller_id}}',
    ...more,
  };
}
const read = { ...rule(), enabled: true, recipients: [] as string[], smsTo: [] as string[] };
function settle(orgId: number, settings: object) {
  return bespokeSettings(store.db).store(orgId, 'notifier', settings as Record<string, unknown>);
}

test('the settings of each organization that was asked for are read, and those of no other', async () => {
  const recipients = ['ann@example.com'];
  const sms_to = ['+14155550100'];
  const quiet_hours = { enabled: true, start: '22:00', end: '07:00' };
  const full = NotifierSettings.parse({
    notification_rules: [rule({ recipients, sms_to, enabled: false })],
    delivery_preferences: { quiet_hours, max_notifications_per_hour: 10 },
  });
  await settle(11, full);
  await settle(12, NotifierSettings.parse({ notification_rules: [rule()] }));
  await settle(13, full);
  await bespokeSettings(store.db).store(14, 'queuemon', {});
  const found = await findNotifierRules(store.db, [11, 12, 14, 15]);
  expect(Object.fromEntries(found)).toEqual({
    11: {
      rules: [{ ...read, enabled: false, recipients, smsTo: sms_to }],
      quietHours: { start: '22:00', end: '07:00' },
      maxPerHour: 10,
    },
    12: { rules: [read], quietHours: null, maxPerHour: DEFAULT_MAX_PER_HOUR },
  });
});

test('quiet hours that are switched off are none', async () => {
  await settle(21, {
    notification_rules: [],
    delivery_preferences: { quiet_hours: { enabled: false, start: '22:00', end: '07:00' } },
  });
  expect((await findNotifierRules(store.db, [21])).get(21)!.quietHours).toBeNull();
});

test('a rule that was stored before it was a mistake is left out, and holds up nothing', async () => {
  await settle(22, {
    notification_rules: [rule({ id: 'r1', recipients: 'ann' }), rule({ id: 'r2' }), null],
    delivery_preferences: { quiet_hours: 'at night' },
  });
  expect((await findNotifierRules(store.db, [22])).get(22)).toEqual({
    rules: [{ ...read, id: 'r2' }],
    quietHours: null,
    maxPerHour: DEFAULT_MAX_PER_HOUR,
  });
});
