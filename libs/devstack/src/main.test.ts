import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from './process/choose-port.ts';
import { commandLineOf } from './process/process-identity.ts';
import { writeFakeApp } from './testing/fake-app.ts';
import { watchOutput } from './testing/run-script.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 60_000 });

const APPS = ['api-gateway', 'cdr-worker', 'eventlog-worker', 'gateway-monitor'];

/**
 * A folder with the structure of the built repository, with fake apps and a migration program that prints a
 * line.
 */
async function createFakeRepository(): Promise<string> {
  const root = await temporaryFolder();
  const here = fileURLToPath(new URL('.', import.meta.url));
  const outfile = join(root, 'dist/libs/devstack/main.js');
  await build({
    entryPoints: [join(here, 'main.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  });
  await symlink(join(here, '../../../node_modules'), join(root, 'node_modules'));
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  for (const app of APPS) await writeFakeApp(join(root, `dist/apps/${app}/main.js`));
  await writeMigration(
    root,
    "console.log('migrating', process.env.DATABASE_URL ? 'a database' : 'nothing');",
  );
  return root;
}

async function writeMigration(root: string, source: string): Promise<void> {
  const file = join(root, 'dist/libs/database/migrate.main.js');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, source);
}

function start(root: string, env: NodeJS.ProcessEnv) {
  const script = watchOutput(
    spawn(process.execPath, ['dist/libs/devstack/main.js'], {
      cwd: root,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    }),
  );
  const ended = once(script.child, 'exit').then(([code]: number[]) => code);
  onTestFinished(async () => {
    script.child.kill('SIGTERM');
    await ended;
  });
  return { ...script, ended };
}

/** Command lines that contain this folder. */
async function processesUnder(root: string): Promise<string[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Boolean);
  const commands = await Promise.all(pids.map(commandLineOf));
  return commands.filter((command) => command !== null && command.includes(root)) as string[];
}

test('npm start starts the apps, prints a banner without secrets, and exits with code 0', async () => {
  const root = await createFakeRepository();
  const port = await freePort();
  const stack = start(root, { PORT: String(port) });
  await stack.waitForOutput('/cdrs?call_id=');
  expect(stack.output()).toContain('migrating a database');
  const env = (await fetch(`http://127.0.0.1:${port}/env`).then((response) => response.json())) as Record<
    string,
    string
  >;
  expect(env).toMatchObject({
    PORT: String(port),
    HOST: '127.0.0.1',
    ADMIN_HOST: '127.0.0.1',
    DEMO_DATA: 'on',
  });
  const secretFile = join(root, '.oriontel/jwt-secret');
  expect((await readFile(secretFile, 'utf8')).trim()).toBe(env.JWT_SECRET);
  expect((await stat(secretFile)).mode & 0o777).toBe(0o600);
  expect(stack.output()).not.toContain(env.JWT_SECRET);
  expect(stack.output()).not.toContain(new URL(env.DATABASE_URL!).password);
  // Like Ctrl-C in a terminal: to the foreground group, which must contain only the supervisor.
  process.kill(-stack.child.pid!, 'SIGINT');
  expect(await stack.ended).toBe(0);
  expect(stack.output().match(/asked to stop/g)).toHaveLength(APPS.length);
  expect(stack.output()).not.toContain('unexpectedly');
  expect(await processesUnder(root)).toEqual([]);
});

test('npm start stops within ten seconds if the apps ignore SIGTERM', async () => {
  const root = await createFakeRepository();
  const stack = start(root, { PORT: String(await freePort()), IGNORE_SIGTERM: 'yes' });
  await stack.waitForOutput('/cdrs?call_id=');
  const began = Date.now();
  stack.child.kill('SIGTERM');
  expect(await stack.ended).toBe(0);
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(await processesUnder(root)).toEqual([]);
});

test('a second Ctrl-C kills apps that ignore SIGTERM', async () => {
  const root = await createFakeRepository();
  const stack = start(root, { PORT: String(await freePort()), IGNORE_SIGTERM: 'yes' });
  await stack.waitForOutput('/cdrs?call_id=');
  const began = Date.now();
  stack.child.kill('SIGINT');
  setTimeout(() => stack.child.kill('SIGINT'), 1_200);
  expect(await stack.ended).toBe(1);
  expect(Date.now() - began).toBeLessThan(4_000);
  expect(await processesUnder(root)).toEqual([]);
});

test('the apps of a killed stack exit, and the next start works', async () => {
  const root = await createFakeRepository();
  const env = { PORT: String(await freePort()) };
  const killed = start(root, env);
  await killed.waitForOutput('/cdrs?call_id=');
  killed.child.kill('SIGKILL');
  const apps = async () => (await processesUnder(root)).filter((line) => line.includes('dist/apps'));
  await expect.poll(apps, { timeout: 5_000 }).toEqual([]);
  const next = start(root, env);
  await next.waitForOutput('/cdrs?call_id=');
  next.child.kill('SIGTERM');
  expect(await next.ended).toBe(0);
  expect(await processesUnder(root)).toEqual([]);
});

test('a second stack on a data folder fails with one line; on its own folder it runs', async () => {
  const root = await createFakeRepository();
  const first = start(root, { PORT: String(await freePort()) });
  await first.waitForOutput('/cdrs?call_id=');
  const refused = start(root, { PORT: String(await freePort()) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(/^OrionTel: Another OrionTel \(process \d+\) is running on .*\n$/);
  const second = start(root, { PORT: String(await freePort()), DATA_DIR: 'other' });
  await second.waitForOutput('/cdrs?call_id=');
  expect(await commandLineOf(first.child.pid!)).not.toBeNull();
});

test('a PORT in use is reported before anything is started', async () => {
  const root = await createFakeRepository();
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void other.close());
  const stack = start(root, { PORT: String(port) });
  expect(await stack.ended).toBe(1);
  expect(stack.output()).toMatch(new RegExp(`^OrionTel: PORT ${port} .*\\n$`));
  await expect(stat(join(root, '.oriontel/postgres'))).rejects.toThrow();
});

test('a failing migration stops everything and reports its last error line', async () => {
  const root = await createFakeRepository();
  await writeMigration(root, "console.error('no such column'); process.exit(2);");
  const stack = start(root, { PORT: String(await freePort()) });
  expect(await stack.ended).toBe(1);
  expect(stack.output()).toContain('OrionTel: The migrations failed. no such column');
  expect(await processesUnder(root)).toEqual([]);
});

test('an app that does not start stops everything', async () => {
  const root = await createFakeRepository();
  const stack = start(root, { PORT: String(await freePort()), EXIT_AT_ONCE: 'yes' });
  expect(await stack.ended).toBe(1);
  expect(stack.output()).toMatch(/OrionTel: [a-z-]+ does not start \(exit code 3\)/);
  expect(await processesUnder(root)).toEqual([]);
});

test('stopping during the start is not a failure', async () => {
  const root = await createFakeRepository();
  await writeMigration(root, "console.log('long'); setTimeout(() => {}, 60_000);");
  const stack = start(root, { PORT: String(await freePort()) });
  await stack.waitForOutput('long');
  stack.child.kill('SIGINT');
  expect(await stack.ended).toBe(0);
  expect(await processesUnder(root)).toEqual([]);
});
