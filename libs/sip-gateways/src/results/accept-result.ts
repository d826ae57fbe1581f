import type { Intake } from '@oriontel/intake';
import type { GatewayRef } from '../gateways/gateway.ts';
import type { GatewayResult, Measurement } from './gateway-result.ts';

/** Decimals of a millisecond or a percent that are kept. */
const DECIMALS = 3;
/** Characters of an error and of a source. */
const MAX_TEXT_LENGTH = 1_024;

/** Commits what was measured to the intake: a report, or a probe of our own. @throws Failure unavailable */
export function acceptResult(intake: Pick<Intake<GatewayResult>, 'accept'>) {
  return async function commitResult(
    gateway: GatewayRef,
    measured: Measurement,
    requestId: string,
  ): Promise<GatewayResult> {
    const { orgId, id: gatewayId, key: gatewayKey } = gateway;
    const result: GatewayResult = {
      orgId,
      gatewayId,
      gatewayKey,
      ...measured,
      // In one form: it is compared as text.
      at: new Date(measured.at).toISOString(),
      latencyMs: roundToDecimals(measured.latencyMs),
      lossPercent: roundToDecimals(measured.lossPercent),
      jitterMs: roundToDecimals(measured.jitterMs),
      error: measured.error?.slice(0, MAX_TEXT_LENGTH) ?? null,
      source: measured.source?.slice(0, MAX_TEXT_LENGTH) ?? null,
    };
    await intake.accept({ orgId, key: gatewayKey, value: result, requestId });
    return result;
  };
}

function roundToDecimals(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(DECIMALS));
}
