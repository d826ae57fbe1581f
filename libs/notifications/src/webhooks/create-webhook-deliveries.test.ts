import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliveries } from '../deliveries/delivery.repository.ts';
import { addWebhook, buildEvent } from '../deliveries/testing.ts';
import type { NotifiableEvent } from '../notifiable-event.ts';
import { createWebhookDeliveries, findSmsWebhooks } from './create-webhook-deliveries.ts';

let store: TestDatabase;
let db: TestDatabase['db'];
beforeAll(async () => {
  store = await createTestDatabase();
  db = store.db;
});
afterAll(() => store.drop());

const url = 'https://hooks.example.com/';
const plan = (events: NotifiableEvent[]) => db.$transaction((tx) => createWebhookDeliveries(tx, events));
function counts(events: NotifiableEvent[]) {
  return Promise.all(events.map(({ orgId, id }) => deliveries(db).countForEvent(orgId, id)));
}

test('each event goes to the enabled webhooks of its organization that want its type, once', async () => {
  function wanting(orgId: number, eventTypes: string[], enabled = true) {
    return addWebhook(db, url, { orgId, eventTypes, enabled });
  }
  await wanting(11, ['*']);
  await wanting(11, ['gateway_down', 'registration']);
  await wanting(11, ['gateway_down'], false);
  await wanting(12, ['registration']);
  const events = [
    buildEvent({ orgId: 11, type: 'gateway_down' }),
    buildEvent({ orgId: 11, type: 'gateway' }),
    buildEvent({ orgId: 12, type: 'registration' }),
    buildEvent({ orgId: 12, type: 'gateway_down' }),
    buildEvent({ orgId: 13, type: 'registration' }),
  ];
  await plan(events);
  expect(await counts(events)).toEqual([2, 1, 1, 0, 0]);
  await plan(events);
  expect(await counts(events)).toEqual([2, 1, 1, 0, 0]);
});

test('nobody has text messages sent by an event of that name', async () => {
  await addWebhook(db, url, { orgId: 21, eventTypes: ['*', 'notification.sms', 'webhook.test'] });
  const events = ['notification.sms', 'webhook.test'].map((type) => buildEvent({ orgId: 21, type }));
  await plan(events);
  expect(await counts(events)).toEqual([0, 0]);
});

test('text messages are sent by the webhooks that name them, and not by those that want everything', async () => {
  const id = await addWebhook(db, url, { orgId: 31, eventTypes: ['notification.sms'] });
  await addWebhook(db, url, { orgId: 31, eventTypes: ['*'] });
  await addWebhook(db, url, { orgId: 31, eventTypes: ['notification.sms'], enabled: false });
  await addWebhook(db, url, { orgId: 32, eventTypes: ['notification.sms'] });
  expect(await findSmsWebhooks(db, [31])).toEqual(new Map([[31, [id]]]));
});

test('large events for many webhooks are all handed over', async () => {
  for (let i = 0; i < 20; i += 1) await addWebhook(db, url, { orgId: 41 });
  const events = Array.from({ length: 30 }, () => buildEvent({ orgId: 41, data: { x: 'y'.repeat(60_000) } }));
  await plan(events);
  expect(new Set(await counts(events))).toEqual(new Set([20]));
});
