import { EntityName, Failure, Id, required } from '@oriontel/contracts';
import { isUniqueViolation, type Database, type Queryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { gatewayStates } from '../results/gateway-state.repository.ts';
import type { FoundGateway, GatewayRef, GatewaySettings, Transport } from './gateway.ts';
import { gatewayFields, checkSettings } from './gateway-fields.ts';
import { gateways } from './gateway.repository.ts';

const DEFAULT_PORTS: Record<Transport, number> = { udp: 5060, tcp: 5060, tls: 5061 };

export const NewGateway = z
  .strictObject({
    id: z.string(required('must be an identifier of your choice, like gateway-east-01')).pipe(EntityName),
    ...gatewayFields,
    port: gatewayFields.port.optional().meta({
      description: 'Default: 5060, 5061 for tls. Null: resolved by DNS (SRV records, RFC 3263)',
    }),
    transport: gatewayFields.transport.default('udp'),
    interval_seconds: gatewayFields.interval_seconds.default(60),
    timeout_ms: gatewayFields.timeout_ms.default(5_000),
    ok_codes: gatewayFields.ok_codes.default([]),
    failures_to_down: gatewayFields.failures_to_down.default(3),
    successes_to_up: gatewayFields.successes_to_up.default(2),
    enabled: gatewayFields.enabled.default(true),
    org_id: Id.optional().meta({ description: 'For admins: the organization of the gateway' }),
  })
  .meta({
    id: 'NewGateway',
    examples: [
      {
        id: 'gateway-east-01',
        name: 'East Coast Primary Gateway',
        host: 'sip-east.example.com',
        port: 5060,
        transport: 'udp',
        interval_seconds: 60,
      },
    ],
  });
export type NewGateway = z.output<typeof NewGateway>;

/**
 * Creates a gateway with the state 'unknown'.
 * @throws Failure bad_request for inconsistent settings, conflict if the organization already has this id
 */
export function createGateway(db: Database) {
  return function insertGatewayWithState(orgId: number, gateway: NewGateway): Promise<FoundGateway> {
    const row = { orgId, id: gateway.id, key: uuidv7(), ...checkSettings(settingsOf(gateway)) };
    return db
      .$transaction((tx) => insertRows(tx, row))
      .catch((error: unknown) => {
        if (isUniqueViolation(error)) throw idTaken();
        throw error;
      });
  };
}

async function insertRows(tx: Queryable, row: GatewayRef & GatewaySettings): Promise<FoundGateway> {
  const gateway = await gateways(tx).insert(row);
  await gatewayStates(tx).insert(gateway);
  return gateway;
}

function settingsOf(gateway: NewGateway): GatewaySettings {
  return {
    name: gateway.name,
    host: gateway.host,
    port: gateway.port === undefined ? DEFAULT_PORTS[gateway.transport] : gateway.port,
    transport: gateway.transport,
    intervalSeconds: gateway.interval_seconds,
    timeoutMs: gateway.timeout_ms,
    okCodes: gateway.ok_codes,
    failuresToDown: gateway.failures_to_down,
    successesToUp: gateway.successes_to_up,
    enabled: gateway.enabled,
  };
}

function idTaken(): Failure {
  return new Failure('conflict', 'This id is taken: choose another.', {
    details: [{ field: 'id', message: 'is taken' }],
  });
}
