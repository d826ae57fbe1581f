import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBatch } from '@oriontel/cdr/testing';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { findRedis, startRedis, type RedisServer } from '@oriontel/devstack';
import { startAppStack, type AppStack } from '@oriontel/devstack/testing';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { signUpAdmin, type ApiClient } from './api-client.ts';

const BATCHES = 100;
const RECORDS = 50;
const CONNECTIONS = 8;

const silent = pino({ level: 'silent' });
// A separate server from PATH, because the tests flush and stop it.
const redisProgram = await findRedis(process.env['PATH']);
const queueBackends = redisProgram ? (['redis', 'postgres'] as const) : (['postgres'] as const);

describe.each(queueBackends)('with the queues in %s', (backend) => {
  let database: TestDatabase;
  let redis: RedisServer | null = null;
  let folder: string;
  let stack: AppStack;
  let admin: ApiClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'oriontel-crash-'));
    if (backend === 'redis')
      redis = await startRedis({ program: redisProgram!, dataDir: folder, log: silent });
    const env = { PATH: process.env['PATH'], LOG_LEVEL: 'error', SWEEP_GRACE: '1', RATE_LIMITS: 'off' };
    stack = await startAppStack({ databaseUrl: database.url, redisUrl: redis?.url ?? null, env });
    admin = await signUpAdmin(stack.baseUrl);
  }, 60_000);

  afterAll(async () => {
    await stack?.stop();
    await redis?.stop();
    await database?.drop();
    if (folder) await rm(folder, { recursive: true, force: true });
  }, 30_000);

  const newBatches = () => Array.from({ length: BATCHES }, () => JSON.stringify(buildBatch(RECORDS)));

  /**
   * Sends all bodies over several connections; `onAcknowledged` receives the number acknowledged so far.
   * Returns the bodies that were not acknowledged.
   */
  async function sendAll(bodies: string[], onAcknowledged: (count: number) => unknown): Promise<string[]> {
    const unsent = [...bodies];
    const unacknowledged: string[] = [];
    let acknowledged = 0;
    async function sendFromQueue() {
      while (unsent.length) {
        const body = unsent.pop()!;
        await admin.send('/cdr/crash', { method: 'POST', body }).then(
          () => onAcknowledged((acknowledged += 1)),
          () => unacknowledged.push(body),
        );
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, sendFromQueue));
    return unacknowledged;
  }

  function callIds(bodies: string[]): string[] {
    return bodies.flatMap((body) =>
      (JSON.parse(body) as { records: { call_id: string }[] }).records.map((r) => r.call_id),
    );
  }

  async function expectEachStoredOnce(bodies: string[]) {
    const expected = callIds(bodies);
    await vi.waitFor(
      async () => {
        const [row] = await database.db.$queryRaw<[{ rows: bigint; legs: bigint }]>`
          SELECT count(*) AS rows, count(DISTINCT call_id) AS legs
          FROM cdrs
          WHERE call_id = ANY(${expected}::text[])`;
        expect({ rows: Number(row.rows), legs: Number(row.legs) }).toEqual({
          rows: expected.length,
          legs: expected.length,
        });
        expect(await database.db.intakeRow.count()).toBe(0);
      },
      { timeout: 60_000, interval: 200 },
    );
    expect(await database.db.quarantineItem.count()).toBe(0);
  }

  function kill(name: string): number {
    const pid = stack.pids()[name]!;
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  it('a worker killed twice during 100 batches loses and duplicates no record', async () => {
    const bodies = newBatches();
    let killed = 0;
    expect(await sendAll(bodies, (count) => count === 30 && (killed = kill('worker')))).toEqual([]);
    await vi.waitFor(() => expect(stack.pids()['worker']).not.toBe(killed), {
      timeout: 10_000,
      interval: 10,
    });
    expect(await database.db.intakeRow.count()).toBeGreaterThan(0);
    kill('worker');
    await expectEachStoredOnce(bodies);
  }, 120_000);

  it('a gateway killed during 100 batches loses no acknowledged record, a resend adds none', async () => {
    const bodies = newBatches();
    const unacknowledged = await sendAll(bodies, (count) => count === 30 && kill('gateway'));
    expect(unacknowledged.length).toBeGreaterThan(0);
    await expectEachStoredOnce(bodies.filter((body) => !unacknowledged.includes(body)));
    await vi.waitFor(() => admin.send('/readyz'), { timeout: 30_000, interval: 100 });
    expect(await sendAll(bodies, () => {})).toEqual([]);
    await expectEachStoredOnce(bodies);
  }, 120_000);

  if (backend === 'redis') {
    it('Redis flushed during 100 batches loses no record', async () => {
      const client = new Redis(redis!.url);
      await once(client, 'ready');
      const bodies = newBatches();
      const flushes: Promise<unknown>[] = [];
      const unacknowledged = await sendAll(
        bodies,
        (count) => count % 20 === 0 && flushes.push(client.flushall()),
      );
      await Promise.all(flushes);
      client.disconnect();
      expect(unacknowledged).toEqual([]);
      await expectEachStoredOnce(bodies);
    }, 120_000);

    it('batches are acknowledged and stored while Redis is down', async () => {
      await redis!.stop();
      const bodies = newBatches().slice(0, 20);
      expect(await sendAll(bodies, () => {})).toEqual([]);
      await expectEachStoredOnce(bodies);
    }, 120_000);
  }
});
