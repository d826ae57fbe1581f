import { randomBytes } from 'node:crypto';
import { startReceiver, type Receiver } from '@oriontel/notifications/testing';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { startAppStack, type AppStack } from '@oriontel/devstack/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { signUpAdmin, type ApiClient } from './api-client.ts';

const EVENTS = 60;
const secret = `whsec_${randomBytes(32).toString('base64')}`;
const waiting = { timeout: 120_000, interval: 50 };

let database: TestDatabase;
let stack: AppStack;
let admin: ApiClient;
let receiver: Receiver;

beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await startReceiver(secret);
  const env = {
    PATH: process.env['PATH'],
    LOG_LEVEL: 'error',
    RATE_LIMITS: 'off',
    SWEEP_GRACE: '1',
    WEBHOOKS_ALLOW_PRIVATE: 'on',
  };
  stack = await startAppStack({ databaseUrl: database.url, redisUrl: null, env });
  admin = await signUpAdmin(stack.baseUrl);
  await put('/entities/device/dev-001', { name: 'Desk Phone' });
  const webhook = { url: receiver.url, event_types: ['device_offline'], secret };
  await admin.send('/webhooks', { method: 'POST', body: JSON.stringify(webhook) });
}, 60_000);

afterAll(async () => {
  await stack?.stop();
  await receiver?.close();
  await database?.drop();
}, 30_000);

const put = (path: string, body: object) => admin.send(path, { method: 'PUT', body: JSON.stringify(body) });

/** Sends events one after another. Returns their ids. */
async function sendEvents(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const event = { type: 'device_offline', data: { reason: 'timeout' }, notify: true };
    ids.push((await put('/events/device/dev-001', event))['event_id'] as string);
  }
  return ids;
}

it('every event arrives in order when the receiver fails, is down and the worker is killed', async () => {
  const sentIds = await sendEvents(EVENTS / 3);
  await expect.poll(() => receiver.received.length, waiting).toBeGreaterThan(0);
  process.kill(stack.pids()['eventlog-worker']!, 'SIGKILL');
  receiver.state.behavior = 500;
  sentIds.push(...(await sendEvents(EVENTS / 3)));
  const attempts = receiver.received.length;
  await expect.poll(() => receiver.received.length, waiting).toBeGreaterThan(attempts);

  await receiver.down();
  sentIds.push(...(await sendEvents(EVENTS / 3)));
  receiver.state.behavior = 204;
  await receiver.up();

  await expect.poll(() => receiver.ids().length, waiting).toBe(EVENTS);
  expect(receiver.ids()).toEqual(sentIds);
  expect(receiver.state.unsigned).toBe(0);
}, 300_000);
