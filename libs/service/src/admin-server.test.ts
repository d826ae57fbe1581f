import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runChecks, startAdminServer } from './admin-server.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';

const log = createLogger('test', 'silent');

test('runChecks reports ready if every check passes', async () => {
  const readiness = await runChecks({ database: async () => 1, queue: async () => undefined }, log);
  expect(readiness).toEqual({ ready: true, checks: { database: 'ok', queue: 'ok' } });
});

test('runChecks names a failed check and still runs the others', async () => {
  const readiness = await runChecks(
    { database: () => Promise.reject(new Error('x')), queue: async () => 1 },
    log,
  );
  expect(readiness).toEqual({ ready: false, checks: { database: 'failed', queue: 'ok' } });
});

test('runChecks counts a check that throws synchronously as failed', async () => {
  function throwing(): never {
    throw new Error('x');
  }
  expect(await runChecks({ database: throwing }, log)).toEqual({
    ready: false,
    checks: { database: 'failed' },
  });
});

test('runChecks counts a check that never settles as failed after two seconds', async () => {
  const startedAt = performance.now();
  const readiness = await runChecks({ database: () => new Promise(() => undefined) }, log);
  expect(readiness.ready).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('startAdminServer serves health, readiness and metrics', async () => {
  const port = await findFreePort();
  let isReady = true;
  async function database(): Promise<void> {
    if (!isReady) throw new Error('down');
  }
  const stop = await startAdminServer({
    ...{ log, host: '127.0.0.1', port },
    ...{ checks: { database }, metrics: createMetrics() },
  });
  onTestFinished(() => stop());
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await get('/readyz')).status).toBe(200);
  isReady = false;
  const notReady = await get('/readyz');
  expect(notReady.status).toBe(503);
  expect(await notReady.json()).toEqual({ ready: false, checks: { database: 'failed' } });
  expect((await get('/healthz')).status).toBe(200);
  expect(await (await get('/metrics')).text()).toContain('process_cpu_seconds_total');
  await stop();
  await expect(get('/healthz')).rejects.toThrow();
});
