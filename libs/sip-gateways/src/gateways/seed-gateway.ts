import { hash } from 'node:crypto';
import type { Database } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { Measurement } from '../results/gateway-result.ts';
import { storeResults } from '../results/store-results.ts';
import { createGateway, NewGateway } from './create-gateway.ts';
import { gateways } from './gateway.repository.ts';

const ignoreEvents = async (): Promise<void> => undefined;

/** Puts a gateway where it is not yet, and what was measured of it as far as it is not there yet: once for each time. */
export async function seedGateway(
  db: Database,
  orgId: number,
  given: z.input<typeof NewGateway>,
  measured: Measurement[],
): Promise<void> {
  const [found] = await gateways(db).findByIdOrName(orgId, given.id);
  const { id: gatewayId, key: gatewayKey } = found?.isId
    ? found
    : await createGateway(db)(orgId, NewGateway.parse(given));
  const rows = measured.map((measurement) => ({
    id: idOf(gatewayKey, measurement.at),
    orgId,
    key: gatewayKey,
    payload: { orgId, gatewayId, gatewayKey, ...measurement },
    requestId: 'seed',
    acceptedAt: new Date(),
    attempts: 0,
  }));
  await db.$transaction((tx) => storeResults(ignoreEvents)(tx, rows));
}

/** The same for the same, and as if it had been accepted then. */
function idOf(gatewayKey: string, at: string): string {
  const random = hash('sha256', `${gatewayKey}/${at}`, 'buffer').subarray(0, 16);
  return uuidv7({ msecs: Date.parse(at), seq: 0, random });
}
