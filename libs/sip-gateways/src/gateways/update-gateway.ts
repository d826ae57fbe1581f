import type { Database } from '@oriontel/database';
import { z } from 'zod';
import type { FoundGateway, GatewayRef, GatewaySettings } from './gateway.ts';
import { gatewayFields, checkSettings } from './gateway-fields.ts';
import { gateways } from './gateway.repository.ts';

const MUST = 'must have at least one setting of a gateway';

export const GatewayUpdate = z
  .strictObject(gatewayFields)
  .partial()
  .refine((update) => Object.keys(update).length > 0, MUST)
  .meta({ id: 'GatewayUpdate', examples: [{ host: 'sip-west.example.com', interval_seconds: 30 }] });
export type GatewayUpdate = z.output<typeof GatewayUpdate>;

/**
 * Partial update: omitted fields keep their value. Returns null if the gateway was deleted.
 * @throws Failure bad_request for inconsistent settings
 */
export function updateGateway(db: Database) {
  return function applyUpdate(ref: GatewayRef, update: GatewayUpdate): Promise<FoundGateway | null> {
    return db.$transaction(async (tx) => {
      const found = await gateways(tx).lock(ref);
      return found && gateways(tx).update({ ...found, ...checkSettings(mergeSettings(found, update)) });
    });
  };
}

function mergeSettings(before: GatewaySettings, update: GatewayUpdate): GatewaySettings {
  return {
    name: update.name ?? before.name,
    host: update.host ?? before.host,
    port: update.port === undefined ? before.port : update.port,
    transport: update.transport ?? before.transport,
    intervalSeconds: update.interval_seconds ?? before.intervalSeconds,
    timeoutMs: update.timeout_ms ?? before.timeoutMs,
    okCodes: update.ok_codes ?? before.okCodes,
    failuresToDown: update.failures_to_down ?? before.failuresToDown,
    successesToUp: update.successes_to_up ?? before.successesToUp,
    enabled: update.enabled ?? before.enabled,
  };
}
