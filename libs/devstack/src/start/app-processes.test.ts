import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { assignAdminPorts, appFiles, appProcesses } from './app-processes.ts';

function processesFor(env: NodeJS.ProcessEnv, queues: { url: string; kind: 'given' } | null = null) {
  return appProcesses({
    env,
    config: readConfig(env),
    files: appFiles('dist'),
    stores: { database: { url: 'postgresql://given/db', kind: 'given' }, queues },
    jwtSecret: 'secret',
    adminPorts: assignAdminPorts([9001, 9002, 9003, 9004]),
  });
}

test('only the gateway is told the port and the demo data, and the rest of the environment goes to all', () => {
  const [gateway, ...workers] = processesFor({ PORT: '8080', RATE_LIMIT_CDR: '1000' });
  expect(gateway!.env).toMatchObject({
    PORT: '8080',
    DEMO_DATA: 'on',
    ADMIN_PORT: '9001',
    RATE_LIMIT_CDR: '1000',
  });
  expect(workers).toMatchObject([
    { name: 'worker', file: 'dist/apps/cdr-worker/main.js', env: { ADMIN_PORT: '9002' } },
    { name: 'eventlog-worker', file: 'dist/apps/eventlog-worker/main.js', env: { ADMIN_PORT: '9003' } },
    { name: 'gateway-monitor', file: 'dist/apps/gateway-monitor/main.js', env: { ADMIN_PORT: '9004' } },
  ]);
  for (const { env } of workers) {
    expect(env).toMatchObject({ RATE_LIMIT_CDR: '1000' });
    expect(env).not.toHaveProperty('PORT');
    expect(env).not.toHaveProperty('DEMO_DATA');
  }
});

test('without a Redis the apps hear of none, not even of an empty one', () => {
  for (const { env } of processesFor({ REDIS_URL: '' })) expect(env).not.toHaveProperty('REDIS_URL');
  const [gateway] = processesFor({}, { url: 'redis://given', kind: 'given' });
  expect(gateway!.env.REDIS_URL).toBe('redis://given');
});

test('a gateway that listens everywhere is asked here', () => {
  expect(processesFor({ HOST: '0.0.0.0' })[0]!.readyUrls).toContain('http://127.0.0.1:3000/readyz');
  expect(processesFor({ HOST: '::' })[0]!.readyUrls).toContain('http://[::1]:3000/readyz');
});
