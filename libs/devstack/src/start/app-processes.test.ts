import { expect, test } from 'vitest';
import { readConfig } from '../config.ts';
import { assignAdminPorts, appFiles, appProcesses } from './app-processes.ts';

function processesFor(env: NodeJS.ProcessEnv, queues: { url: string; kind: 'external' } | null = null) {
  return appProcesses({
    env,
    config: readConfig(env),
    files: appFiles('dist'),
    stores: { database: { url: 'postgresql://given/db', kind: 'external' }, queues },
    jwtSecret: 'secret',
    adminPorts: assignAdminPorts([9001, 9002, 9003, 9004]),
  });
}

test('appProcesses passes PORT and DEMO_DATA to the gateway only and other variables to every app', () => {
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

test('appProcesses removes REDIS_URL if there is no Redis', () => {
  for (const { env } of processesFor({ REDIS_URL: '' })) expect(env).not.toHaveProperty('REDIS_URL');
  const [gateway] = processesFor({}, { url: 'redis://given', kind: 'external' });
  expect(gateway!.env.REDIS_URL).toBe('redis://given');
});

test('appProcesses polls a gateway on a wildcard address over loopback', () => {
  expect(processesFor({ HOST: '0.0.0.0' })[0]!.readyUrls).toContain('http://127.0.0.1:3000/readyz');
  expect(processesFor({ HOST: '::' })[0]!.readyUrls).toContain('http://[::1]:3000/readyz');
});
