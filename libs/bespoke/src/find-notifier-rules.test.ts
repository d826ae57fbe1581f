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
const parsedRule = { ...rule(), enabled: true, recipients: [] as string[], smsTo: [] as string[] };
function storeSettings(orgId: number, settings: object) {
  return bespokeSettings(store.db).store(orgId, 'notifier', settings as Record<string, unknown>);
}

test('findNotifierRules returns the settings of the given organizations only', async () => {
  const recipients = ['ann@example.com'];
  const sms_to = ['+14155550100'];
  const quiet_hours = { enabled: true, start: '22:00', end: '07:00' };
  const full = NotifierSettings.parse({
    notification_rules: [rule({ recipients, sms_to, enabled: false })],
    delivery_preferences: { quiet_hours, max_notifications_per_hour: 10 },
  });
  await storeSettings(11, full);
  await storeSettings(12, NotifierSettings.parse({ notification_rules: [rule()] }));
  await storeSettings(13, full);
  await bespokeSettings(store.db).store(14, 'queuemon', {});
  const found = await findNotifierRules(store.db, [11, 12, 14, 15]);
  expect(Object.fromEntries(found)).toEqual({
    11: {
      rules: [{ ...parsedRule, enabled: false, recipients, smsTo: sms_to }],
      quietHours: { start: '22:00', end: '07:00' },
      maxPerHour: 10,
    },
    12: { rules: [parsedRule], quietHours: null, maxPerHour: DEFAULT_MAX_PER_HOUR },
  });
});

test('findNotifierRules returns null for disabled quiet hours', async () => {
  await storeSettings(21, {
    notification_rules: [],
    delivery_preferences: { quiet_hours: { enabled: false, start: '22:00', end: '07:00' } },
  });
  expect((await findNotifierRules(store.db, [21])).get(21)!.quietHours).toBeNull();
});

test('findNotifierRules skips invalid rules and invalid preferences', async () => {
  await storeSettings(22, {
    notification_rules: [rule({ id: 'r1', recipients: 'ann' }), rule({ id: 'r2' }), null],
    delivery_preferences: { quiet_hours: 'at night' },
  });
  expect((await findNotifierRules(store.db, [22])).get(22)).toEqual({
    rules: [{ ...parsedRule, id: 'r2' }],
    quietHours: null,
    maxPerHour: DEFAULT_MAX_PER_HOUR,
  });
});
