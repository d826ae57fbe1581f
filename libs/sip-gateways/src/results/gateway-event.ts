import { isoTime, isoTimeOrNull, type JsonObject } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import type { GatewayState } from './next-state.ts';
import type { GatewayResult } from './gateway-result.ts';

/** A change of the status of a gateway, as an event of that entity. */
export interface GatewayEvent {
  orgId: number;
  /** `gateway/<id>` */
  entity: string;
  type: 'gateway_up' | 'gateway_degraded' | 'gateway_down';
  data: JsonObject;
  at: Date;
  notify: true;
}

/**
 * Writes events in the transaction that updates the states. Injected by the app: events belong to another
 * feature.
 */
export type WriteEvents = (tx: Queryable, events: GatewayEvent[], requestId: string) => Promise<void>;

/** The event for the change from `before` to `after` that a result caused. */
export function createGatewayEvent(
  gateway: { name: string; host: string; port: number | null },
  { orgId, gatewayId, source }: GatewayResult,
  before: GatewayState,
  after: GatewayState,
): GatewayEvent {
  return {
    orgId,
    entity: `gateway/${gatewayId}`,
    type: `gateway_${after.status as Exclude<GatewayState['status'], 'unknown'>}`,
    data: {
      gateway: gatewayId,
      name: gateway.name,
      host: gateway.host,
      port: gateway.port,
      status: after.status,
      previous_status: before.status,
      previous_since: isoTimeOrNull(before.since),
      since: isoTime(after.since!),
      latency_ms: after.latencyMs,
      packet_loss: after.lossPercent,
      sip_code: after.sipCode,
      error: after.error,
      source,
    },
    at: after.since!,
    notify: true,
  };
}
