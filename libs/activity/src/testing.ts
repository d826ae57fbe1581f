import { DEFAULT_ORG_ID } from '@oriontel/contracts';
import { addOrganizations, createTestDatabase } from '@oriontel/database/testing';
import { createIntake, createPartsIntake } from '@oriontel/intake';
import { connectQueues } from '@oriontel/queues';
import { testQueueStores } from '@oriontel/queues/testing';
import { bundleProgram, createTestApi, TEST_ORG_IDS, testUserId } from '@oriontel/service/testing';
import type { ExternalEntityOwners } from './entities/find-entity-owners.ts';
import type { CountDeliveries } from './events/count-notifications.ts';
import { entityEventsIntake } from './events/entity-events-intake.ts';
import type { Notify } from './events/store-entity-events.ts';
import { activityRoutes } from './http.ts';
import { createImportReader } from './logs/create-import-reader.ts';
import { logsIntake } from './logs/logs-intake.ts';
import { createEntityEventDrain, createLogDrain } from './worker.ts';

export interface TestActivityOptions {
  /** How long an import waits to be stored. @default 10 seconds */
  importTimeoutMs?: number;
  /** How long an event waits for its notifications. @default 2 seconds */
  notifyTimeoutMs?: number;
  /** @default every event has no deliveries */
  countDeliveries?: CountDeliveries;
}

const CLOSE_TIMEOUT_MS = 5_000;
const ORG_IDS = [DEFAULT_ORG_ID, ...Object.values(TEST_ORG_IDS)];

/**
 * The routes of entities, events and logs on a database of their own, with queues in PostgreSQL. Accepted
 * events and imports stay in the intake until `startWorker()`, which returns a function that stops the
 * worker.
 */
export async function createTestActivity({
  importTimeoutMs = 10_000,
  notifyTimeoutMs = 2_000,
  countDeliveries = async () => 0,
}: TestActivityOptions = {}) {
  const store = await createTestDatabase();
  const { db } = store;
  await addOrganizations(db, Object.values(TEST_ORG_IDS));
  const queueStore = testQueueStores().find(({ kind }) => kind === 'postgres')!;
  const queues = await connectQueues(queueStore.storeFor(store.url), () => undefined);
  // No sweeper runs in route tests.
  const intakeOptions = { onUndispatched: () => undefined, graceSeconds: 60 };
  const eventsIntake = createIntake(
    db,
    entityEventsIntake,
    queues.producer(entityEventsIntake.queue),
    intakeOptions,
  );
  const logParts = createPartsIntake(db, logsIntake, queues.producer(logsIntake.queue), intakeOptions);
  const importReader = createImportReader(
    await bundleProgram(new URL('./read-import.main.ts', import.meta.url)),
  );
  const { owners, addExtension } = createTestOwners();
  const api = await createTestApi((app) =>
    app.register(activityRoutes, {
      db,
      intake: logParts,
      importReader,
      importTimeoutMs,
      eventsIntake,
      notifyTimeoutMs,
      countDeliveries,
      organizationExists: async (orgId) => ORG_IDS.includes(orgId),
      owners,
    }),
  );

  function startWorker(notify: Notify = async () => undefined): () => Promise<void> {
    const hooks = { onDrained: () => undefined, onPoison: () => undefined };
    const options = { concurrency: 3, onFailure: () => undefined };
    const consumers = [
      queues.consumer(entityEventsIntake.queue, createEntityEventDrain({ db, notify, ...hooks }), options),
      queues.consumer(logsIntake.queue, createLogDrain({ db, ...hooks }), options),
    ];
    return async function stopWorker() {
      await Promise.all(consumers.map((consumer) => consumer.close(CLOSE_TIMEOUT_MS)));
    };
  }

  async function close(): Promise<void> {
    await api.app.close();
    await importReader.close();
    await eventsIntake.close();
    await logParts.close();
    await queues.close(CLOSE_TIMEOUT_MS);
    await store.drop();
  }

  return { ...api, db, addExtension, startWorker, close };
}
export type TestActivity = Awaited<ReturnType<typeof createTestActivity>>;

/** Fake owners of users, organizations and extensions; there are no gateways. */
function createTestOwners() {
  const userOrgIds = new Map<string, number | null>([
    [`${testUserId('admin')}`, DEFAULT_ORG_ID],
    [`${testUserId('ours-manager')}`, TEST_ORG_IDS.ours],
    [`${testUserId('ours-user')}`, TEST_ORG_IDS.ours],
    [`${testUserId('theirs-manager')}`, TEST_ORG_IDS.theirs],
    [`${testUserId('theirs-user')}`, TEST_ORG_IDS.theirs],
    [`${testUserId('unassigned')}`, null],
  ]);
  const extensionOrgIds = new Map<string, number>();

  const owners: ExternalEntityOwners = {
    user: async (id) => ownersIn(userOrgIds, id),
    org: async (id) => ORG_IDS.filter((orgId) => String(orgId) === id),
    extension: async (id) => ownersIn(extensionOrgIds, id),
    gateway: async () => [],
  };

  function addExtension(orgId: number, id: string): void {
    extensionOrgIds.set(id, orgId);
  }

  return { owners, addExtension };
}

function ownersIn<T>(orgIds: Map<string, T>, id: string): T[] {
  return orgIds.has(id) ? [orgIds.get(id)!] : [];
}
