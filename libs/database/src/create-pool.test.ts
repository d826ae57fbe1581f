import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPool } from './create-pool.ts';
import { isUnavailable } from './database-error.ts';
import { createEmptyDatabase, startStoreProxy, type StoreProxy, type TestDatabase } from './testing.ts';

const STATEMENT_TIMEOUT_MS = 4_000;
/** A statement of this duration is checked. */
const SLOW_SECONDS = 1.5;

let store: TestDatabase;
let proxy: StoreProxy;
let pool: Pool;
beforeEach(async () => {
  store = await createEmptyDatabase();
  proxy = await startStoreProxy(store.url);
  pool = createPool({
    connectionString: proxy.url,
    application_name: 'test',
    max: 2,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
});
afterEach(async () => {
  await proxy.close();
  await pool.end();
  await store.drop();
});

test('a statement of a hung server is rejected, and its connection is replaced', async () => {
  await pool.query('SELECT 1');
  proxy.setState('stalled');
  const error: unknown = await pool.query('SELECT 2').catch((err: unknown) => err);
  expect(isUnavailable(error)).toBe(true);
  expect(pool.totalCount).toBe(0);
  proxy.setState('up');
  expect((await pool.query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
});

test('a half-open connection is found while the server responds on new connections', async () => {
  const client = await pool.connect();
  client.on('error', () => undefined);
  await client.query('SELECT 1');
  proxy.setState('half-open');
  const error: unknown = await client.query('SELECT 2').catch((err: unknown) => err);
  expect(isUnavailable(error)).toBe(true);
  client.release();
  expect((await pool.query('SELECT 3 AS three')).rows).toEqual([{ three: 3 }]);
});

test('a slow statement ends normally, and so does one that the server cancels', async () => {
  expect((await pool.query(`SELECT pg_sleep(${SLOW_SECONDS})`)).rowCount).toBe(1);
  const error: unknown = await pool.query('SELECT pg_sleep(30)').catch((err: unknown) => err);
  expect(error).toMatchObject({ code: '57014' });
});

test('a pool that is always busy keeps its connections', async () => {
  const end = performance.now() + 2 * SLOW_SECONDS * 1_000;
  async function queryUntilEnd(): Promise<void> {
    while (performance.now() < end) await pool.query('SELECT 1');
  }
  const backends = async () => (await pool.query('SELECT pg_backend_pid() AS pid')).rows;
  const first = await Promise.all([backends(), backends()]);
  // Twenty callers share two connections: each gets its next statement when the last one ends.
  await Promise.all(Array.from({ length: 20 }, queryUntilEnd));
  expect(await Promise.all([backends(), backends()])).toEqual(expect.arrayContaining(first));
});

test('a transaction may pause for longer than a slow statement', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await sleep(SLOW_SECONDS * 1_000);
  expect((await client.query('SELECT 4 AS four')).rows).toEqual([{ four: 4 }]);
  await client.query('ROLLBACK');
  client.release();
});
