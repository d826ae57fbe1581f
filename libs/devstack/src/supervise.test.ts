import { appendFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from './process/choose-port.ts';
import { commandLineOf } from './process/process-identity.ts';
import { supervise } from './supervise.ts';
import type { AppProcess } from './supervise/supervise-app.ts';
import { writeFakeApp } from './testing/fake-app.ts';
import { runScript } from './testing/run-script.ts';
import { silentLog } from './testing/silent-log.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 30_000 });

const backoff = { firstMs: 20, maxMs: 100, resetAfterMs: 10_000 };

async function fakeProcess(name: string, env: NodeJS.ProcessEnv = {}): Promise<AppProcess> {
  const port = await freePort();
  const file = await writeFakeApp(join(await temporaryFolder(), 'app.mjs'));
  return {
    name,
    file,
    env: { ADMIN_PORT: String(port), ...env },
    readyUrls: [`http://127.0.0.1:${port}/readyz`],
  };
}

async function start(processes: AppProcess[], print = (_name: string, _line: string) => {}) {
  const apps = await supervise(processes, { log: silentLog, print, backoff });
  onTestFinished(() => apps.stop(0));
  return apps;
}

function ask(app: AppProcess, path = '') {
  return fetch(new URL(path, app.readyUrls[0])).then((response) => response.text());
}

test('supervise restarts an app that crashes', async () => {
  const app = await fakeProcess('gateway');
  const apps = await start([app]);
  await apps.ready();
  const before = await ask(app);
  await ask(app, '/crash').catch(() => {});
  await expect.poll(() => ask(app).catch(() => before), { timeout: 5_000 }).not.toBe(before);
});

test('supervise restarts an app that was ready as often as it is killed', async () => {
  const app = await fakeProcess('worker');
  const apps = await start([app]);
  await apps.ready();
  for (let time = 0; time < 4; time++) {
    const { worker } = apps.pids();
    process.kill(worker!, 'SIGKILL');
    await expect.poll(() => apps.pids().worker).not.toBe(worker);
  }
  await apps.ready();
});

test('restart launches the program that the file contains now, in that app only', async () => {
  const [gateway, worker] = [await fakeProcess('gateway'), await fakeProcess('worker')];
  const apps = await start([gateway, worker]);
  await apps.ready();
  const before = apps.pids();
  await appendFile(gateway.file, "\nconsole.log('version 2');\n");
  await apps.restart('gateway');
  expect(await ask(gateway)).toBe(String(apps.pids().gateway));
  expect(apps.pids().gateway).not.toBe(before.gateway);
  expect(apps.pids().worker).toBe(before.worker);
});

test('restart of an app that crashes at start is superseded by the next restart', async () => {
  const app = await fakeProcess('gateway');
  const apps = await start([app]);
  await apps.ready();
  await writeFile(app.file, 'process.exit(1);');
  const broken = apps.restart('gateway');
  const superseded = expect(broken).rejects.toThrow('restarted again');
  await writeFakeApp(app.file);
  await apps.restart('gateway');
  await superseded;
  expect(await ask(app)).toBe(String(apps.pids().gateway));
});

test('ready rejects with the name of an app that does not start', async () => {
  const apps = await start([
    await fakeProcess('gateway'),
    await fakeProcess('worker', { EXIT_AT_ONCE: 'yes' }),
  ]);
  await expect(apps.ready()).rejects.toThrow('worker does not start (exit code 3)');
});

test('ready rejects with the name of an app that is not ready in time', async () => {
  const app = await fakeProcess('gateway');
  const apps = await start([{ ...app, readyUrls: [`http://127.0.0.1:${await freePort()}/`] }]);
  await expect(apps.ready(undefined, { timeoutMs: 300, lateAfterMs: 60_000 })).rejects.toThrow(
    'gateway was not ready within 300 ms',
  );
});

test('ready does not wait for an app that is late, and reports when it is ready', async () => {
  const messages: unknown[] = [];
  const log = { ...silentLog, info: note, warn: note } as typeof silentLog;
  function note(...[fields, message]: unknown[]): void {
    messages.push([(fields as { app?: string }).app, message]);
  }
  const worker = await fakeProcess('worker');
  const late = createServer((_request, response) => void response.end());
  const port = await freePort();
  const readyUrls = [`http://127.0.0.1:${port}/`];
  const apps = await supervise([await fakeProcess('gateway'), { ...worker, readyUrls }], {
    log,
    print: () => undefined,
    backoff,
  });
  onTestFinished(() => apps.stop(0));
  await apps.ready(undefined, { timeoutMs: 20_000, lateAfterMs: 300 });
  expect(messages).toContainEqual(['worker', expect.stringContaining('not ready yet')]);
  late.listen(port, '127.0.0.1');
  onTestFinished(() => void late.close());
  await expect.poll(() => messages).toContainEqual(['worker', 'late app is ready']);
});

test('supervise forwards the output lines of an app under its name', async () => {
  const lines: string[] = [];
  const apps = await start([await fakeProcess('gateway')], (name, line) => lines.push(`${name}: ${line}`));
  await apps.ready();
  await expect.poll(() => lines).toContain('gateway: a plain line');
});

test('stop stops the first app before the others', async () => {
  const order: string[] = [];
  const note = (name: string, line: string) => line.includes('asked to stop') && order.push(name);
  const processes = await Promise.all(['gateway', 'worker'].map((name) => fakeProcess(name)));
  const apps = await start(processes, note);
  await apps.ready();
  await apps.stop();
  await expect.poll(() => order).toEqual(['gateway', 'worker']);
});

test('stop kills apps that ignore SIGTERM within its timeout', async () => {
  const deaf = { IGNORE_SIGTERM: 'yes' };
  const apps = await start([await fakeProcess('gateway', deaf), await fakeProcess('worker', deaf)]);
  await apps.ready();
  const pids = Object.values(apps.pids());
  const began = Date.now();
  await apps.stop(2_000);
  expect(Date.now() - began).toBeLessThan(2_200);
  expect(await Promise.all(pids.map(commandLineOf))).toEqual([null, null]);
});

test('stop does not restart an app that crashed just before', async () => {
  const apps = await start([await fakeProcess('gateway')]);
  await apps.ready();
  const { gateway } = apps.pids();
  process.kill(gateway!, 'SIGKILL');
  await apps.stop();
  expect(await commandLineOf(apps.pids().gateway!)).toBeNull();
});

test('the apps of a killed supervisor exit', async () => {
  const processes = await Promise.all(
    ['gateway', 'worker'].map((name) => fakeProcess(name, { IGNORE_SIGTERM: 'yes' })),
  );
  const supervisor = runScript(`
    import { supervise } from './libs/devstack/src/supervise.ts';
    const log = { info() {}, warn() {}, error() {} };
    const apps = await supervise(${JSON.stringify(processes)}, { log, print() {} });
    await apps.ready();
    console.log('pids', Object.values(apps.pids()).join(' '), 'end');
  `);
  await supervisor.waitForOutput('end');
  const pids = /pids ([\d ]+)/.exec(supervisor.output())![1]!.trim().split(' ').map(Number);
  expect(pids).toHaveLength(2);
  supervisor.child.kill('SIGKILL');
  await expect.poll(() => Promise.all(pids.map(commandLineOf)), { timeout: 5_000 }).toEqual([null, null]);
});

test('an app that loads after its supervisor was killed exits', async () => {
  const processes = [await fakeProcess('gateway')];
  const supervisor = runScript(`
    import { supervise } from './libs/devstack/src/supervise.ts';
    const log = { info() {}, warn() {}, error() {} };
    const apps = await supervise(${JSON.stringify(processes)}, { log, print() {} });
    console.log('pid', apps.pids().gateway, 'end');
    process.kill(process.pid, 'SIGKILL');
  `);
  await supervisor.waitForOutput('end');
  const pid = Number(/pid (\d+)/.exec(supervisor.output())![1]);
  await expect.poll(() => commandLineOf(pid), { timeout: 5_000 }).toBeNull();
});
