import type { ErrorBody } from '@oriontel/service/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bespokeSettings } from './bespoke-setting.repository.ts';
import { seedDemoSettings } from './seed-demo-settings.ts';
import { createTestBespoke, type TestBespoke } from './testing.ts';

let bespoke: TestBespoke;
beforeAll(async () => {
  bespoke = await createTestBespoke();
});
beforeEach(() => bespoke.db.bespokeSetting.deleteMany());
afterAll(() => bespoke.close());

function get(path: string, as = bespoke.ours.member) {
  return bespoke.call<{ status: string; data: object }>(`/bespoke/${path}`, { as });
}
function put(path: string, body: object, as = bespoke.ours.manager) {
  const headers = { accept: 'application/json' };
  return bespoke.call<ErrorBody & { data: object }>(`/bespoke/${path}`, { method: 'PUT', as, body, headers });
}
function rule(more: object = {}) {
  return { id: 'r1', name: 'Missed', trigger: 'missed_call', channels: ['sms'], template: 'x', ...more };
}

describe('/bespoke/queuemon', () => {
  test('GET returns what PUT stored, with unknown fields', async () => {
    const settings = { refresh_interval: 5, display_columns: ['status'], color: 'red' };
    const stored = await put('queuemon', settings);
    expect([stored.status, stored.json]).toEqual([200, { status: 'success', data: settings }]);
    expect((await get('queuemon')).json).toEqual({ status: 'success', data: settings });
    await put('queuemon', { refresh_interval: 6 });
    expect((await get('queuemon')).json.data).toEqual({ refresh_interval: 6 });
  });

  test('a queue has its own settings, else those of its organization', async () => {
    await put('queuemon?queue_id=sales', { refresh_interval: 1 });
    expect((await get('queuemon?queue_id=support')).status).toBe(404);
    await put('queuemon', { refresh_interval: 2 });
    expect((await get('queuemon?queue_id=sales')).json.data).toEqual({ refresh_interval: 1 });
    expect((await get('queuemon?queue_id=support')).json.data).toEqual({ refresh_interval: 2 });
  });

  test.each([
    ['refresh_interval', { refresh_interval: 0 }],
    ['alert_thresholds.abandon_rate', { alert_thresholds: { abandon_rate: 101 } }],
    ['custom_metrics[0].formula', { custom_metrics: [{ name: 'x' }] }],
  ])('PUT names the invalid field %s', async (field, body) => {
    const { status, json } = await put('queuemon', body);
    expect([status, json.error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe('/bespoke/notifier', () => {
  test('GET returns what PUT stored, with defaults', async () => {
    const stored = await put('notifier', { notification_rules: [rule()] });
    const data = { notification_rules: [rule({ enabled: true })], delivery_preferences: {} };
    expect([stored.status, stored.json.data]).toEqual([200, data]);
    expect((await get('notifier')).json.data).toEqual(data);
  });

  test('GET with type is 404 unless a rule uses that channel', async () => {
    await put('notifier', { notification_rules: [rule(), rule({ id: 'r2', channels: ['sms'] })] });
    expect((await get('notifier?type=sms')).status).toBe(200);
    expect((await get('notifier?type=email')).status).toBe(404);
  });

  test.each([
    ['notification_rules', { notification_rules: [rule(), rule()] }],
    ['notification_rules[0].channels[0]', { notification_rules: [rule({ channels: ['fax'] })] }],
    ['notification_rules[0].sms_to[0]', { notification_rules: [rule({ sms_to: ['555'] })] }],
    [
      'delivery_preferences.quiet_hours.start',
      { delivery_preferences: { quiet_hours: { enabled: true, start: '24:00', end: '07:00' } } },
    ],
  ])('PUT names the invalid field %s', async (field, body) => {
    const { status, json } = await put('notifier', body);
    expect([status, json.error.details?.[0]?.field]).toEqual([400, field]);
  });
});

describe.each(['queuemon', 'notifier'])('access to /bespoke/%s', (path) => {
  test('users read and managers write the settings of their organization only', async () => {
    await put(path, {});
    const { ours, theirs } = bespoke;
    expect((await get(path)).status).toBe(200);
    expect((await get(path, theirs.member)).status).toBe(404);
    expect((await get(`${path}?org_id=${ours.orgId}`, theirs.manager)).status).toBe(403);
    expect((await put(`${path}?org_id=${ours.orgId}`, {}, theirs.manager)).status).toBe(403);
    expect((await put(path, {}, ours.member)).status).toBe(403);
    expect((await put(path, {}, ours.byKey)).status).toBe(403);
  });

  test('an admin uses organization 1 by default, or any existing one', async () => {
    const { admin, ours } = bespoke;
    expect((await put(path, {}, admin)).status).toBe(200);
    expect((await get(path, admin)).status).toBe(200);
    expect((await get(`${path}?org_id=1`, admin)).status).toBe(200);
    expect((await get(`${path}?org_id=${ours.orgId}`, admin)).status).toBe(404);
    expect((await put(`${path}?org_id=99`, {}, admin)).status).toBe(404);
  });
});

test('seedDemoSettings stores settings unless the organization has its own', async () => {
  await put('queuemon', { refresh_interval: 9 });
  await seedDemoSettings(bespoke.db, bespoke.ours.orgId);
  expect((await get('queuemon')).json.data).toEqual({ refresh_interval: 9 });
  expect((await get('notifier')).json.data).toMatchObject({
    notification_rules: [{ id: 'rule-001' }, { id: 'rule-002' }],
  });
  const seeded = await bespokeSettings(bespoke.db).find(bespoke.ours.orgId, 'notifier');
  await seedDemoSettings(bespoke.db, bespoke.ours.orgId);
  expect(await bespokeSettings(bespoke.db).find(bespoke.ours.orgId, 'notifier')).toEqual(seeded);
});
