import { defineIntake } from '@oriontel/intake';

/** From best to worst: the rank of each in the table is its place here. */
export const resultStatuses = ['up', 'degraded', 'down'] as const;
export type ResultStatus = (typeof resultStatuses)[number];

/** What a probe or a report says of a gateway at one time. */
export interface Measurement {
  /** ISO 8601. */
  at: string;
  status: ResultStatus;
  /** Milliseconds until the answer; null where none came or nobody said. */
  latencyMs: number | null;
  /** 0 to 100. */
  lossPercent: number | null;
  /** Milliseconds; null where the measurer has none: then it is computed from the latencies. */
  jitterMs: number | null;
  sipCode: number | null;
  error: string | null;
  /** Who measured. */
  source: string | null;
}

/** The same, as it waits in the intake under the gateway's key. */
export interface GatewayResult extends Measurement {
  orgId: number;
  gatewayId: string;
  /** Of this gateway and no later one of its id. */
  gatewayKey: string;
}

export const resultsIntake = defineIntake<GatewayResult>('gateway-results');
