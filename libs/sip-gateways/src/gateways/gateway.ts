import { isoTime, required } from '@oriontel/contracts';
import { z } from 'zod';

export const Transport = z.enum(['udp', 'tcp', 'tls'], required('must be udp, tcp or tls'));
export type Transport = z.output<typeof Transport>;

/** A gateway in API responses. */
export const Gateway = z
  .object({
    id: z.string(),
    org_id: z.int(),
    name: z.string(),
    host: z.string(),
    port: z.int().nullable().meta({ description: 'Null: resolved by DNS (SRV records, RFC 3263)' }),
    transport: Transport,
    interval_seconds: z.int(),
    timeout_ms: z.int(),
    ok_codes: z.array(z.int()).meta({
      description:
        'Final status codes that mean up; any other means degraded. Empty: all codes but 408 and 503',
    }),
    failures_to_down: z.int(),
    successes_to_up: z.int(),
    enabled: z
      .boolean()
      .meta({ description: 'Whether the gateway is probed; reports are accepted either way' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({
    id: 'Gateway',
    examples: [
      {
        id: 'gateway-east-01',
        org_id: 12345,
        name: 'East Coast Primary Gateway',
        host: 'sip-east.example.com',
        port: 5060,
        transport: 'udp',
        interval_seconds: 60,
        timeout_ms: 5000,
        ok_codes: [],
        failures_to_down: 3,
        successes_to_up: 2,
        enabled: true,
        created_at: '2024-01-15T10:30:00Z',
        updated_at: '2024-01-15T10:30:00Z',
      },
    ],
    description: 'A SIP gateway of an organization',
  });
export type Gateway = z.output<typeof Gateway>;

/** The part of a gateway that an update may change. */
export interface GatewaySettings {
  name: string;
  host: string;
  port: number | null;
  transport: Transport;
  intervalSeconds: number;
  timeoutMs: number;
  okCodes: number[];
  failuresToDown: number;
  successesToUp: number;
  enabled: boolean;
}

export interface GatewayRef {
  orgId: number;
  id: string;
  /** UUID of this gateway; a later gateway with the same id has another key. */
  key: string;
}

export interface FoundGateway extends GatewaySettings, GatewayRef {
  createdAt: Date;
  updatedAt: Date;
}

export function presentGateway(gateway: FoundGateway): Gateway {
  return {
    id: gateway.id,
    org_id: gateway.orgId,
    name: gateway.name,
    host: gateway.host,
    port: gateway.port,
    transport: gateway.transport,
    interval_seconds: gateway.intervalSeconds,
    timeout_ms: gateway.timeoutMs,
    ok_codes: gateway.okCodes,
    failures_to_down: gateway.failuresToDown,
    successes_to_up: gateway.successesToUp,
    enabled: gateway.enabled,
    created_at: isoTime(gateway.createdAt),
    updated_at: isoTime(gateway.updatedAt),
  };
}
