import { addOrganizations, createTestDatabase } from '@oriontel/database/testing';
import type { Database } from '@oriontel/database';
import { createIntake, type Drain, type IntakeRow } from '@oriontel/intake';
import { createTestApi, TEST_ORG_IDS } from '@oriontel/service/testing';
import pLimit from 'p-limit';
import { v7 as uuidv7 } from 'uuid';
import { createGateway, NewGateway } from './gateways/create-gateway.ts';
import type { FoundGateway, GatewayRef } from './gateways/gateway.ts';
import { sipGatewayRoutes } from './http.ts';
import { acceptResult } from './results/accept-result.ts';
import type { RecordedReport } from './results/gateway-report.ts';
import type { WriteEvents } from './results/gateway-event.ts';
import { resultsIntake, type GatewayResult, type Measurement } from './results/gateway-result.ts';
import type { GatewayStatus } from './results/gateway-status.ts';
import { storeResults } from './results/store-results.ts';
import { createResultWorker } from './worker.ts';

let createdGateways = 0;

/** Settings of a gateway with a unique id. */
export function buildNewGateway<T extends object>(more?: T) {
  const id = `gw-${(createdGateways += 1)}`;
  return { id, name: `Gateway ${id}`, host: '192.0.2.1', ...more };
}

/** Creates a gateway with a unique id. */
export function createTestGateway(
  db: Database,
  { orgId = 1, ...more }: { orgId?: number } & Partial<NewGateway> = {},
): Promise<FoundGateway> {
  return createGateway(db)(orgId, NewGateway.parse(buildNewGateway(more)));
}

export function buildMeasurement(more: Partial<Measurement> = {}): Measurement {
  return {
    at: new Date().toISOString(),
    status: 'up',
    latencyMs: 20,
    lossPercent: null,
    jitterMs: null,
    sipCode: null,
    error: null,
    source: 'test',
    ...more,
  };
}

/** A row as the intake passes it to a worker. */
export function buildIntakeRow(
  { orgId, id: gatewayId, key: gatewayKey }: GatewayRef,
  measurement: Measurement,
): IntakeRow<GatewayResult> {
  return {
    id: uuidv7(),
    orgId,
    key: gatewayKey,
    payload: { orgId, gatewayId, gatewayKey, ...measurement },
    requestId: 'req',
    acceptedAt: new Date(),
    attempts: 0,
  };
}

const ignoreEvents: WriteEvents = async () => undefined;
const silentHooks = { onDrained: () => undefined, onPoison: () => undefined };

/** Stores rows as one job of a worker does. */
export function storeInTransaction(
  db: Database,
  rows: IntakeRow<GatewayResult>[],
  writeEvents: WriteEvents = ignoreEvents,
): Promise<unknown> {
  return db.$sqlTransaction((tx) => storeResults(writeEvents)(tx, rows));
}

/** The whole path of a result, with a list of jobs in place of a queue. */
export function createTestPipeline(db: Database, writeEvents: WriteEvents = ignoreEvents) {
  const jobs: { ids: string[]; swept: boolean }[] = [];
  const producer = { add: async (job: { ids: string[]; swept: boolean }) => void jobs.push(job) };
  const intake = createIntake(db, resultsIntake, producer, { onUndispatched: () => undefined });
  return {
    jobs,
    accept: acceptResult(intake),
    drain: createResultWorker({ db, writeEvents, ...silentHooks }).drain,
    close: () => intake.close(),
  };
}

/** As many jobs at once as three workers run. */
const MAX_CONCURRENT_JOBS = 3;

/** A queue in memory that passes jobs to `drain`; close() waits for them and rejects if one failed. */
function createTestQueue(drain: Drain) {
  const limit = pLimit(MAX_CONCURRENT_JOBS);
  const jobs: Promise<void>[] = [];
  return {
    async add(pointers: Parameters<Drain>[0]): Promise<void> {
      jobs.push(limit(() => drain(pointers)));
    },
    close: async () => void (await Promise.all(jobs)),
  };
}

/**
 * The routes of gateways on a database of their own, with an in-memory queue and a worker that stores
 * results.
 */
export async function createTestSipGateways() {
  const { db, drop } = await createTestDatabase();
  await addOrganizations(db, Object.values(TEST_ORG_IDS));
  const { drain } = createResultWorker({ db, writeEvents: ignoreEvents, ...silentHooks });
  const queue = createTestQueue(drain);
  const intake = createIntake(db, resultsIntake, queue, { onUndispatched: () => undefined });
  const api = await createTestApi((app) =>
    app.register(sipGatewayRoutes, {
      db,
      intake,
      organizationExists: async (orgId) => [1, ...Object.values(TEST_ORG_IDS)].includes(orgId),
    }),
  );
  const { call, ours } = api;

  /** Creates a gateway by POST /gateways and returns its id. @throws Error for any status but 201 */
  async function create(more: object = {}, as = ours.manager): Promise<string> {
    const body = buildNewGateway(more);
    const { status, body: text } = await call('/gateways', { as, body });
    if (status !== 201) throw new Error(`POST /gateways: ${status} ${text}`);
    return body.id;
  }
  function report(path: string, body?: object, as = ours.manager) {
    return call<RecordedReport>(`/sipgwping/${path}`, { method: 'POST', as, ...(body && { body }) });
  }
  function read(path: string, as = ours.member) {
    return call<GatewayStatus>(`/sipgwping/${path}`, { as });
  }
  async function currentStatus(id: string) {
    return (await read(id)).json.current_status;
  }
  /** The number of accepted results that are not stored yet. */
  const countPending = () => db.intakeRow.count({ where: { queue: resultsIntake.queue.name } });

  async function close(): Promise<void> {
    await api.app.close();
    await intake.close();
    await queue.close();
    await drop();
  }
  return { ...api, db, create, report, read, currentStatus, countPending, close };
}
export type TestSipGateways = Awaited<ReturnType<typeof createTestSipGateways>>;
