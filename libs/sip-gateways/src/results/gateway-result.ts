import { defineIntake } from '@oriontel/intake';

/** From best to worst: the table stores the index. */
export const resultStatuses = ['up', 'degraded', 'down'] as const;
export type ResultStatus = (typeof resultStatuses)[number];

/** The outcome of one probe or report. */
export interface Measurement {
  /** ISO 8601. */
  at: string;
  status: ResultStatus;
  /** Milliseconds until the response; null without a response or if not reported. */
  latencyMs: number | null;
  /** 0 to 100. */
  lossPercent: number | null;
  /** Milliseconds; null: computed from the latencies. */
  jitterMs: number | null;
  sipCode: number | null;
  error: string | null;
  /** Name of the monitor. */
  source: string | null;
}

/** A measurement with its gateway: the payload in the intake. */
export interface GatewayResult extends Measurement {
  orgId: number;
  gatewayId: string;
  /** UUID of the gateway; a later gateway with the same id has another key. */
  gatewayKey: string;
}

export const resultsIntake = defineIntake<GatewayResult>('gateway-results');
