import type { EntityRef } from '@oriontel/contracts';
import { addOrganizations, createTestDatabase } from '@oriontel/database/testing';
import { createIntake, startSweeper } from '@oriontel/intake';
import { connectQueues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { createLogger } from '@oriontel/service';
import { createTestApi, TEST_ORG_IDS } from '@oriontel/service/testing';
import type { LegDependencies } from './calls/leg-dependencies.ts';
import { cdrRoutes } from './http.ts';
import { prepareBatch } from './ingest/prepare-batch.ts';
import { cdrIntake } from './parse/cdr-intake.ts';
import { cdrTaskQueue } from './tasks/cdr-task-queue.ts';
import { createCdrWorker } from './worker.ts';

export { buildBatch, buildRecord } from './fixtures/build-record.ts';
export { createDeadLetter } from './forward/testing/dead-letter.ts';
export { freeswitchSamples, type FreeswitchSample } from './fixtures/freeswitch-samples.ts';
export { startTestReceiver, type TestReceiver } from './forward/testing/receiver.ts';
export { publicSamples } from './fixtures/public-samples.ts';

/** The response to POST /cdr/:index. */
export interface IntakeBody {
  status: string;
  processed: number;
  batch_id: string;
  sgapi_reference: string;
  duplicates_in_batch: number;
  quarantined: number;
  stored?: number;
  duplicates?: number;
  conflicts?: number;
}

const DEFAULT_REGION = 'US';
const CLOSE_TIMEOUT_MS = 5_000;
const SWEEP_INTERVAL_MS = 500;

/**
 * The CDR routes on a database of their own, with queues in PostgreSQL. Accepted batches stay in the intake
 * until `startWorker()`, tasks stay queued until `startTaskRunner()`; both return a function that stops it.
 */
export async function createTestCdr() {
  const store = await createTestDatabase();
  const { db } = store;
  await addOrganizations(db, Object.values(TEST_ORG_IDS));
  const queueStore = testQueueStores().find(({ kind }) => kind === 'postgres')!;
  const queues = await connectQueues(queueStore.storeFor(store.url), () => undefined);
  const intake = createIntake(db, cdrIntake, queues.producer(cdrIntake.queue), {
    onUndispatched: () => undefined,
  });
  /** Regions by organization; all others have `DEFAULT_REGION`. */
  const regions = new Map<number, string>();
  const registeredEntities: (EntityRef & { orgId: number })[] = [];
  const legDependencies: LegDependencies = {
    async regionsOf(orgIds) {
      return new Map(orgIds.map((orgId) => [orgId, regions.get(orgId) ?? DEFAULT_REGION]));
    },
    async registerEntities(_tx, entities) {
      registeredEntities.push(...entities);
    },
  };
  const worker = createCdrWorker({
    db,
    ...legDependencies,
    closeCalls: async () => undefined,
    onDrained: () => undefined,
    onPoison: () => undefined,
  });
  const api = await createTestApi((app) =>
    app.register(cdrRoutes, {
      db,
      intake,
      batchReader: { read: async (task) => prepareBatch(task) },
      cdrJobs: queues.producer(cdrIntake.queue),
      taskJobs: queues.producer(cdrTaskQueue),
      organizationExists: async (orgId) => [1, ...Object.values(TEST_ORG_IDS)].includes(orgId),
      regionOf: async (orgId) => regions.get(orgId) ?? DEFAULT_REGION,
    }),
  );

  const runningWorkers = new Set<() => Promise<void>>();
  function startWorker(): () => Promise<void> {
    const consumer = queues.consumer(cdrIntake.queue, (pointers) => worker.drain(pointers), {
      concurrency: 3,
      onFailure: () => undefined,
    });
    // On a busy machine the queue may refuse a job: its rows are dispatched again, as in production.
    const { name } = cdrIntake.queue;
    const producer = queues.producer(cdrIntake.queue);
    const sweeper = startSweeper(db, [{ name, producer, drain: worker.drain }], {
      intervalMs: SWEEP_INTERVAL_MS,
      onSwept: () => undefined,
      onError: () => undefined,
    });
    async function stopWorker(): Promise<void> {
      runningWorkers.delete(stopWorker);
      await sweeper.stop();
      await consumer.close(CLOSE_TIMEOUT_MS);
    }
    runningWorkers.add(stopWorker);
    return stopWorker;
  }

  function startTaskRunner(): () => Promise<void> {
    const log = createLogger('test', 'silent');
    const pace = { idle: 0, busy: 0 };
    return worker.startTasks({ queues, log, pace }).stop;
  }

  async function close(): Promise<void> {
    await Promise.all([...runningWorkers].map((stop) => stop()));
    await api.app.close();
    await intake.close();
    await queues.close(CLOSE_TIMEOUT_MS);
    await store.drop();
  }

  return {
    ...api,
    db,
    regions,
    registeredEntities,
    legDependencies,
    drain: worker.drain,
    startWorker,
    startTaskRunner,
    close,
  };
}
export type TestCdr = Awaited<ReturnType<typeof createTestCdr>>;
