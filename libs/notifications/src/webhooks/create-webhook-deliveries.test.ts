import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliveries } from '../deliveries/delivery.repository.ts';
import { addWebhook, buildEvent } from '../testing/test-data.ts';
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
function create(events: NotifiableEvent[]) {
  return db.$transaction((tx) => createWebhookDeliveries(tx, events));
}
function countDeliveries(events: NotifiableEvent[]) {
  return Promise.all(events.map(({ orgId, id }) => deliveries(db).countForEvent(orgId, id)));
}

test('createWebhookDeliveries adds an event once per enabled webhook that subscribes to it', async () => {
  function subscribe(orgId: number, eventTypes: string[], enabled = true) {
    return addWebhook(db, url, { orgId, eventTypes, enabled });
  }
  await subscribe(11, ['*']);
  await subscribe(11, ['gateway_down', 'registration']);
  await subscribe(11, ['gateway_down'], false);
  await subscribe(12, ['registration']);
  const events = [
    buildEvent({ orgId: 11, type: 'gateway_down' }),
    buildEvent({ orgId: 11, type: 'gateway' }),
    buildEvent({ orgId: 12, type: 'registration' }),
    buildEvent({ orgId: 12, type: 'gateway_down' }),
    buildEvent({ orgId: 13, type: 'registration' }),
  ];
  await create(events);
  expect(await countDeliveries(events)).toEqual([2, 1, 1, 0, 0]);
  await create(events);
  expect(await countDeliveries(events)).toEqual([2, 1, 1, 0, 0]);
});

test('createWebhookDeliveries ignores events of reserved types', async () => {
  await addWebhook(db, url, { orgId: 21, eventTypes: ['*', 'notification.sms', 'webhook.test'] });
  const events = ['notification.sms', 'webhook.test'].map((type) => buildEvent({ orgId: 21, type }));
  await create(events);
  expect(await countDeliveries(events)).toEqual([0, 0]);
});

test('findSmsWebhooks returns enabled webhooks that name notification.sms, not those with *', async () => {
  const id = await addWebhook(db, url, { orgId: 31, eventTypes: ['notification.sms'] });
  await addWebhook(db, url, { orgId: 31, eventTypes: ['*'] });
  await addWebhook(db, url, { orgId: 31, eventTypes: ['notification.sms'], enabled: false });
  await addWebhook(db, url, { orgId: 32, eventTypes: ['notification.sms'] });
  expect(await findSmsWebhooks(db, [31])).toEqual(new Map([[31, [id]]]));
});

test('createWebhookDeliveries adds large events for many webhooks', async () => {
  for (let i = 0; i < 20; i += 1) await addWebhook(db, url, { orgId: 41 });
  const events = Array.from({ length: 30 }, () => buildEvent({ orgId: 41, data: { x: 'y'.repeat(60_000) } }));
  await create(events);
  expect(new Set(await countDeliveries(events))).toEqual(new Set([20]));
});
