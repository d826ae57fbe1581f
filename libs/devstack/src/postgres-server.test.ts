import { mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startPostgres, type PostgresServer } from './postgres-server.ts';
import { ephemeralSettings } from './postgres/settings.ts';
import { freePort } from './process/choose-port.ts';
import { commandLineOf } from './process/process-identity.ts';
import { runScript } from './testing/run-script.ts';
import { silentLog } from './testing/silent-log.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 60_000 });

async function start(dataDir: string, options: { port?: number } = {}): Promise<PostgresServer> {
  const server = await startPostgres({ ...options, dataDir, settings: ephemeralSettings, log: silentLog });
  onTestFinished(() => server.stop(500));
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

async function pidOf({ folder }: { folder: string }): Promise<number> {
  return Number((await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data and its URL across restarts', async () => {
    const dataDir = await temporaryFolder();
    // Not 5433: a server of another test could take that between the two starts.
    const first = await start(dataDir, { port: await freePort() });
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value');
    await first.stop();
    const second = await start(dataDir);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }]);
  });

  test('uses UTF-8, sorts by code point, maps case of Unicode, and listens on loopback only', async () => {
    const { url } = await start(await temporaryFolder());
    const [facts] = await query(
      url,
      `SELECT
         upper('ü') AS upper,
         'Z' < 'a' AS by_code_point,
         current_setting('server_encoding') AS encoding,
         current_setting('listen_addresses') AS host,
         current_setting('unix_socket_directories') AS socket,
         current_setting('password_encryption') AS passwords,
         current_setting('data_checksums') AS checksums`,
    );
    expect(facts).toEqual({
      upper: 'Ü',
      by_code_point: true,
      encoding: 'UTF8',
      host: '127.0.0.1',
      socket: '',
      passwords: 'scram-sha-256',
      checksums: 'on',
    });
  });

  test('rejects connections without the password, which only its owner can read', async () => {
    const { url, folder } = await start(await temporaryFolder());
    const wrong = new URL(url);
    wrong.password = 'postgres';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    expect((await stat(join(folder, 'password'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test('two servers that start at once run on different ports', async () => {
    const [one, two] = await Promise.all([start(await temporaryFolder()), start(await temporaryFolder())]);
    expect(one.port).not.toBe(two.port);
    await query(one.url, 'CREATE TABLE only_here ()');
    await expect(query(two.url, 'TABLE only_here')).rejects.toThrow(/does not exist/);
  });

  test('rejects a configured port that is in use', async () => {
    const { port } = await start(await temporaryFolder());
    await expect(start(await temporaryFolder(), { port })).rejects.toThrow(`${port} is in use`);
  });

  test('removes the incomplete cluster of a killed first start', async () => {
    const dataDir = await temporaryFolder();
    const { folder, stop } = await start(dataDir);
    await stop();
    await mkdir(join(folder, 'data.new-halfmade', 'base'), { recursive: true });
    await start(dataDir);
    expect((await readdir(folder)).filter((name) => name.includes('.new-'))).toEqual([]);
  });

  test('is restarted on the same URL when it is killed', async () => {
    const server = await start(await temporaryFolder());
    const killed = await pidOf(server);
    process.kill(killed, 'SIGKILL');
    await expect
      .poll(() => query(server.url, 'SELECT 1 AS one').catch(String), { timeout: 20_000 })
      .toEqual([{ one: 1 }]);
    expect(await pidOf(server)).not.toBe(killed);
  });

  test('the next start stops the server of a killed owner and finds its data', async () => {
    const dataDir = await temporaryFolder();
    const owner = runScript(`
      import { startPostgres } from './libs/devstack/src/postgres-server.ts';
      const log = { info() {}, warn() {}, error() {} };
      const dataDir = ${JSON.stringify(dataDir)};
      const { url } = await startPostgres({ dataDir, settings: { fsync: 'off' }, log });
      console.log('started', url);
    `);
    await owner.waitForOutput('started');
    const url = /postgresql:\S+/.exec(owner.output())![0];
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS one');
    const left = Number(
      (await query(url, "SELECT pg_read_file('postmaster.pid') AS file"))[0]!.file?.toString().split('\n')[0],
    );
    owner.child.kill('SIGKILL');
    expect(await commandLineOf(left)).toContain('postgres');
    const next = await start(dataDir);
    expect(await commandLineOf(left)).toBeNull();
    expect(await query(next.url, 'TABLE kept')).toEqual([{ one: 1 }]);
  });

  test('stop leaves no process, even while clients run queries', async () => {
    const server = await start(await temporaryFolder());
    const pids = (await query(server.url, 'SELECT pid FROM pg_stat_activity')).map(({ pid }) => Number(pid));
    const busy = query(server.url, 'SELECT pg_sleep(60)').catch((error: Error) => error.message);
    const sleepers = () => query(server.url, "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    await expect.poll(sleepers).toHaveLength(1);
    const began = Date.now();
    await server.stop();
    expect(Date.now() - began).toBeLessThan(8_000);
    expect(await busy).toMatch(/terminat/);
    expect(await Promise.all(pids.map(commandLineOf))).toEqual(pids.map(() => null));
  });

  test('startPostgres rejects on abort and leaves nothing running', async () => {
    const dataDir = await temporaryFolder();
    const starting = startPostgres({
      dataDir,
      settings: ephemeralSettings,
      log: silentLog,
      signal: AbortSignal.abort(),
    });
    await expect(starting).rejects.toThrow();
    await expect(stat(join(dataDir, 'postgres', 'data', 'postmaster.pid'))).rejects.toThrow();
  });
});
