import type { Database } from '@oriontel/database';
import { createDrain, createIntake, type IntakeRow } from '@oriontel/intake';
import { v7 as uuidv7 } from 'uuid';
import { createGateway, NewGateway } from './gateways/create-gateway.ts';
import type { FoundGateway, GatewayRef } from './gateways/gateway.ts';
import { acceptResult } from './results/accept-result.ts';
import type { WriteEvents } from './results/gateway-event.ts';
import { resultsIntake, type GatewayResult, type Measurement } from './results/gateway-result.ts';
import { storeResults } from './results/store-results.ts';

let createdGateways = 0;

/** Makes one with an id of its own. */
export function createTestGateway(
  db: Database,
  { orgId = 1, ...more }: { orgId?: number } & Partial<NewGateway> = {},
): Promise<FoundGateway> {
  const id = `gw-${(createdGateways += 1)}`;
  return createGateway(db)(
    orgId,
    NewGateway.parse({ id, name: `Gateway ${id}`, host: '192.0.2.1', ...more }),
  );
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

/** As the intake hands it to the worker. */
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

/** Stores them as one job of the worker does. */
export function storeInTransaction(
  db: Database,
  rows: IntakeRow<GatewayResult>[],
  writeEvents: WriteEvents = ignoreEvents,
): Promise<unknown> {
  return db.$transaction((tx) => storeResults(writeEvents)(tx, rows));
}

/** The whole road, with the jobs handed out in the place of a queue. */
export function createTestPipeline(db: Database, writeEvents: WriteEvents = ignoreEvents) {
  const jobs: { ids: string[]; swept: boolean }[] = [];
  const producer = { add: async (job: { ids: string[]; swept: boolean }) => void jobs.push(job) };
  const intake = createIntake(db, resultsIntake, producer, { onUndispatched: () => undefined });
  const told = { onDrained: () => undefined, onPoison: () => undefined };
  return {
    jobs,
    accept: acceptResult(intake),
    drain: createDrain(db, resultsIntake, storeResults(writeEvents), told),
    close: () => intake.close(),
  };
}
