import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { commandLineOf } from './process/process-identity.ts';
import { findRedis, startRedis } from './redis-server.ts';
import { runScript } from './testing/run-script.ts';
import { silentLog } from './testing/silent-log.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

vi.setConfig({ testTimeout: 30_000 });

const program = await findRedis(process.env.PATH);

async function start(dataDir: string) {
  const server = await startRedis({ program: program!, dataDir, log: silentLog });
  onTestFinished(() => server.stop(500));
  return server;
}

function connect(url: string): Redis {
  const client = new Redis(url);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

test('findRedis prefers Redis, skips non-executable files, returns null for an empty PATH', async () => {
  const [first, second] = [await temporaryFolder(), await temporaryFolder()];
  await writeFile(join(first, 'valkey-server'), '', { mode: 0o755 });
  await writeFile(join(first, 'redis-server'), '', { mode: 0o644 });
  expect(await findRedis(`${first}:${second}`)).toBe(join(first, 'valkey-server'));
  await writeFile(join(second, 'redis-server'), '', { mode: 0o755 });
  expect(await findRedis(`${first}:${second}`)).toBe(join(second, 'redis-server'));
  expect(await findRedis('')).toBeNull();
});

describe.skipIf(!program)('the embedded Redis', () => {
  test('keeps its data across restarts and does not evict keys', async () => {
    const dataDir = await temporaryFolder();
    const first = await start(dataDir);
    await connect(first.url).set('kept', 'yes');
    await first.stop();
    const client = connect((await start(dataDir)).url);
    expect(await client.get('kept')).toBe('yes');
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  });

  test('rejects connections without the password, which only its owner can read', async () => {
    const { port, folder } = await start(await temporaryFolder());
    await expect(connect(`redis://127.0.0.1:${port}`).ping()).rejects.toThrow(/NOAUTH/);
    for (const file of ['password', 'redis.conf']) {
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    }
  });

  test('two servers that start at once run on different ports', async () => {
    const [one, two] = await Promise.all([start(await temporaryFolder()), start(await temporaryFolder())]);
    expect(one.port).not.toBe(two.port);
  });

  test('is restarted on the same URL, with its data, when it is killed', async () => {
    const { url, folder } = await start(await temporaryFolder());
    const client = connect(url);
    await client.set('kept', 'yes');
    process.kill(Number(await readFile(join(folder, 'redis.pid'), 'utf8')), 'SIGKILL');
    await expect.poll(() => client.get('kept').catch(String), { timeout: 10_000 }).toBe('yes');
  });

  test('the next start stops the server of a killed owner and finds its data', async () => {
    const dataDir = await temporaryFolder();
    const owner = runScript(`
      import { startRedis } from './libs/devstack/src/redis-server.ts';
      const log = { info() {}, warn() {}, error() {} };
      const options = ${JSON.stringify({ program, dataDir })};
      const { url } = await startRedis({ ...options, log });
      console.log('started', url);
    `);
    await owner.waitForOutput('started');
    await connect(/redis:\S+/.exec(owner.output())![0]).set('kept', 'yes');
    const left = Number(await readFile(join(dataDir, 'redis', 'redis.pid'), 'utf8'));
    owner.child.kill('SIGKILL');
    const next = await start(dataDir);
    expect(await commandLineOf(left)).toBeNull();
    expect(await connect(next.url).get('kept')).toBe('yes');
  });
});
