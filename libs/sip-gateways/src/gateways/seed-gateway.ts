import { hash } from 'node:crypto';
import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Measurement } from '../results/gateway-result.ts';
import { storeResults } from '../results/store-results.ts';
import { createGateway, NewGateway } from './create-gateway.ts';
import { gateways } from './gateway.repository.ts';

const ignoreEvents = async (): Promise<void> => undefined;

/** Creates a gateway unless it exists and stores its results; idempotent: one result for each `at`. */
export async function seedGateway(
  db: Database,
  orgId: number,
  settings: z.input<typeof NewGateway>,
  measurements: Measurement[],
): Promise<void> {
  const [found] = await gateways(db).findByIdOrName(orgId, settings.id);
  const { id: gatewayId, key: gatewayKey } = found?.isId
    ? found
    : await createGateway(db)(orgId, NewGateway.parse(settings));
  const rows = measurements.map((measurement) => ({
    id: createResultId(gatewayKey, measurement.at),
    orgId,
    key: gatewayKey,
    payload: { orgId, gatewayId, gatewayKey, ...measurement },
    requestId: 'seed',
    acceptedAt: new Date(),
    attempts: 0,
  }));
  await db.$sqlTransaction((tx) => storeResults(ignoreEvents)(tx, rows));
}

/** A deterministic UUIDv7 with the time of the measurement. */
function createResultId(gatewayKey: string, at: string): string {
  const random = hash('sha256', `${gatewayKey}/${at}`, 'buffer').subarray(0, 16);
  return uuidv7({ msecs: Date.parse(at), seq: 0, random });
}
