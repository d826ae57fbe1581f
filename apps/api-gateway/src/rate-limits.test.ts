import { expect, test } from 'vitest';
import { startTestGateway } from './testing.ts';

test('the audit log allows 500 writes and 100 reads a minute by default', async () => {
  const gateway = await startTestGateway({ env: { RATE_LIMITS: 'on' } });
  const url = `/eventlog/${gateway.ours.orgId}`;
  const as = gateway.ours.manager;
  async function limitOf(path: string, request: { method?: 'PUT' | 'POST'; body?: object } = {}) {
    return (await gateway.call(path, { as, ...request })).headers['ratelimit-limit'];
  }
  const body = { event_type: 'note', description: 'Something happened' };
  expect(await limitOf(url, { method: 'PUT', body })).toBe('500');
  expect(await limitOf(url, { method: 'POST', body: {} })).toBe('100');
  expect(await limitOf(`${url}/evt-20240115-abc123`)).toBe('100');
  await gateway.close();
}, 60_000);
