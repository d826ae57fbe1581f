import type { Intake } from '@oriontel/intake';
import type { GatewayRef } from '../gateways/gateway.ts';
import type { GatewayResult, Measurement } from './gateway-result.ts';

/** Decimals kept of milliseconds and percentages. */
const DECIMALS = 3;
/** Characters kept of an error and of a source. */
const MAX_TEXT_LENGTH = 1_024;

/**
 * Commits the measurement of a report or a probe to the intake and returns it as it will be stored.
 * @throws Failure unavailable
 */
export function acceptResult(intake: Pick<Intake<GatewayResult>, 'accept'>) {
  return async function commitResult(
    gateway: GatewayRef,
    measurement: Measurement,
    requestId: string,
  ): Promise<GatewayResult> {
    const { orgId, id: gatewayId, key: gatewayKey } = gateway;
    const result: GatewayResult = {
      orgId,
      gatewayId,
      gatewayKey,
      ...measurement,
      // Normalized: times are compared as text.
      at: new Date(measurement.at).toISOString(),
      latencyMs: roundToDecimals(measurement.latencyMs),
      lossPercent: roundToDecimals(measurement.lossPercent),
      jitterMs: roundToDecimals(measurement.jitterMs),
      error: measurement.error?.slice(0, MAX_TEXT_LENGTH) ?? null,
      source: measurement.source?.slice(0, MAX_TEXT_LENGTH) ?? null,
    };
    await intake.accept({ orgId, key: gatewayKey, value: result, requestId });
    return result;
  };
}

function roundToDecimals(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(DECIMALS));
}
