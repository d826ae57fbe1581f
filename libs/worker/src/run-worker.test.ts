import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, startStoreProxy, type TestDatabase } from '@oriontel/database/testing';
import { IntakeConfig } from '@oriontel/intake';
import { createLogger, createShutdown, readConfig, type Checks } from '@oriontel/service';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { runWorker, startWorker } from './run-worker.ts';

const log = createLogger('test', 'silent');

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
});
afterAll(() => store.drop());

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface TestWorkerOptions {
  url?: string;
  checks?: Checks;
  databaseTimeoutMs?: number;
}

async function startTestWorker({
  url = store.url,
  checks,
  databaseTimeoutMs = 10_000,
}: TestWorkerOptions = {}) {
  const port = await findFreePort();
  const shutdown = createShutdown(log);
  onTestFinished(() => shutdown.run());
  const state = { isRunning: true, isSweeperStopped: false };
  const serving = {
    isRunning: () => state.isRunning,
    async stopSweeper() {
      state.isSweeperStopped = true;
    },
  };
  const options = {
    name: 'test worker',
    env: { DATABASE_URL: url, ADMIN_PORT: String(port), CONCURRENCY: '3' },
    readConfig: (env: Record<string, string | undefined>) => readConfig(IntakeConfig, env),
    connections: 1,
    databaseTimeoutMs,
  };
  let concurrency = 0;
  await startWorker(
    options,
    async (worker) => {
      ({ concurrency } = worker.options);
      return { serving, ...(checks && { checks }) };
    },
    log,
    shutdown,
  );
  return { adminUrl: `http://127.0.0.1:${port}`, shutdown, state, concurrency };
}

test('startWorker passes the settings to serve and reports readiness on the admin port', async () => {
  const { adminUrl, concurrency } = await startTestWorker({ checks: { share: async () => undefined } });
  expect(concurrency).toBe(3);
  const response = await fetch(`${adminUrl}/readyz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    ready: true,
    checks: { database: 'ok', consumers: 'ok', share: 'ok' },
  });
});

test('startWorker is not ready once a consumer has stopped', async () => {
  const { adminUrl, state } = await startTestWorker();
  state.isRunning = false;
  const response = await fetch(`${adminUrl}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ checks: { database: 'ok', consumers: 'failed' } });
});

test('startWorker registers the cleanup of admin port, sweeper, queues and database', async () => {
  const { adminUrl, shutdown, state } = await startTestWorker();
  await shutdown.run();
  expect(state.isSweeperStopped).toBe(true);
  await expect(fetch(`${adminUrl}/healthz`)).rejects.toThrow();
});

test('startWorker waits for a database that is not reachable yet', async () => {
  const proxy = await startStoreProxy(store.url);
  onTestFinished(() => proxy.close());
  proxy.setState('down');
  const started = startTestWorker({ url: proxy.url });
  await sleep(600);
  proxy.setState('up');
  const { adminUrl } = await started;
  expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
});

test('startWorker rejects if the database stays unreachable', async () => {
  const url = 'postgresql://nobody@127.0.0.1:1/none';
  await expect(startTestWorker({ url, databaseTimeoutMs: 300 })).rejects.toThrow();
});

test('runWorker exits with 1 if a setting is missing', async () => {
  const events = ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect', 'uncaughtException', 'unhandledRejection'];
  const listeners = events.map((event) => process.listeners(event as 'SIGTERM'));
  onTestFinished(() => {
    vi.restoreAllMocks();
    for (const [i, event] of events.entries())
      for (const listener of process.listeners(event as 'SIGTERM'))
        if (!listeners[i]!.includes(listener)) process.removeListener(event, listener);
  });
  const serve = vi.fn();
  const options = {
    name: 'test worker',
    env: { LOG_LEVEL: 'silent' },
    readConfig: (env: Record<string, string | undefined>) => readConfig(IntakeConfig, env),
    connections: 1,
  };
  const exited = new Promise((resolve) => {
    vi.spyOn(process, 'exit').mockImplementation(((code: number) => resolve(code)) as never);
  });
  void runWorker(options, serve);
  expect(await exited).toBe(1);
  expect(serve).not.toHaveBeenCalled();
});
