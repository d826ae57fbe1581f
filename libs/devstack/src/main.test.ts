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

/** A folder laid out like the built repository, with fake apps and a migration that notes that it ran. */
async function layOut(): Promise<string> {
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

/** Every process that has this folder in its command line. */
async function processesUnder(root: string): Promise<string[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Boolean);
  const commands = await Promise.all(pids.map(commandLineOf));
  return commands.filter((command) => command !== null && command.includes(root)) as string[];
}

test('starts all, says how to go on, keeps its secrets, and stops all with exit code 0', async () => {
  const root = await layOut();
  const port = await freePort();
  const stack = start(root, { PORT: String(port) });
  await stack.waitForOutput('/cdrs?call_id=');
  expect(stack.output()).toContain('migrating a database');
  const env = (await fetch(`http://127.0.0.1:${port}/env`).then((answer) => answer.json())) as Record<
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
  // As a terminal's Ctrl-C: to everybody in the foreground. Only the supervisor is to be there.
  process.kill(-stack.child.pid!, 'SIGINT');
  expect(await stack.ended).toBe(0);
  expect(stack.output().match(/asked to stop/g)).toHaveLength(APPS.length);
  expect(stack.output()).not.toContain('unexpectedly');
  expect(await processesUnder(root)).toEqual([]);
});

test('apps that do not stop take at most ten seconds', async () => {
  const root = await layOut();
  const stack = start(root, { PORT: String(await freePort()), IGNORE_SIGTERM: 'yes' });
  await stack.waitForOutput('/cdrs?call_id=');
  const began = Date.now();
  stack.child.kill('SIGTERM');
  expect(await stack.ended).toBe(0);
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(await processesUnder(root)).toEqual([]);
});

test('who insists does not wait for apps that do not stop', async () => {
  const root = await layOut();
  const stack = start(root, { PORT: String(await freePort()), IGNORE_SIGTERM: 'yes' });
  await stack.waitForOutput('/cdrs?call_id=');
  const began = Date.now();
  stack.child.kill('SIGINT');
  setTimeout(() => stack.child.kill('SIGINT'), 1_200);
  expect(await stack.ended).toBe(1);
  expect(Date.now() - began).toBeLessThan(4_000);
  expect(await processesUnder(root)).toEqual([]);
});

test('a stack that was killed leaves no app behind, and the next one finds everything', async () => {
  const root = await layOut();
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

test('a second one on the same folder is refused in one line; with a folder and port of its own it runs', async () => {
  const root = await layOut();
  const first = start(root, { PORT: String(await freePort()) });
  await first.waitForOutput('/cdrs?call_id=');
  const refused = start(root, { PORT: String(await freePort()) });
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toMatch(/^OrionTel: Another OrionTel \(process \d+\) is running on .*\n$/);
  const beside = start(root, { PORT: String(await freePort()), DATA_DIR: 'other' });
  await beside.waitForOutput('/cdrs?call_id=');
  expect(await commandLineOf(first.child.pid!)).not.toBeNull();
});

test('a taken PORT is named before anything is started', async () => {
  const root = await layOut();
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void other.close());
  const stack = start(root, { PORT: String(port) });
  expect(await stack.ended).toBe(1);
  expect(stack.output()).toMatch(new RegExp(`^OrionTel: PORT ${port} .*\\n$`));
  await expect(stat(join(root, '.oriontel/postgres'))).rejects.toThrow();
});

test('a migration that fails stops everything, with its last words', async () => {
  const root = await layOut();
  await writeMigration(root, "console.error('no such column'); process.exit(2);");
  const stack = start(root, { PORT: String(await freePort()) });
  expect(await stack.ended).toBe(1);
  expect(stack.output()).toContain('OrionTel: The database could not be brought up to date. no such column');
  expect(await processesUnder(root)).toEqual([]);
});

test('an app that does not start stops everything', async () => {
  const root = await layOut();
  const stack = start(root, { PORT: String(await freePort()), EXIT_AT_ONCE: 'yes' });
  expect(await stack.ended).toBe(1);
  expect(stack.output()).toMatch(/OrionTel: [a-z-]+ does not start \(exit code 3\)/);
  expect(await processesUnder(root)).toEqual([]);
});

test('stopping while it is still starting is no failure', async () => {
  const root = await layOut();
  await writeMigration(root, "console.log('long'); setTimeout(() => {}, 60_000);");
  const stack = start(root, { PORT: String(await freePort()) });
  await stack.waitForOutput('long');
  stack.child.kill('SIGINT');
  expect(await stack.ended).toBe(0);
  expect(await processesUnder(root)).toEqual([]);
});
