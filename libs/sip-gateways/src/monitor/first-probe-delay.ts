import type { GatewaySettings } from '../gateways/gateway.ts';

/** Overdue gateways are spread over this time. */
const CATCH_UP_MS = 2_000;
/** A new gateway is first probed within this time, or within its interval if that is shorter. */
const MAX_FIRST_DELAY_MS = 60_000;
/** Overdue by more than this, a gateway had no monitor: the shards of a dead one are taken over sooner. */
const UNPROBED_AFTER_MS = 15_000;

/**
 * Milliseconds until a gateway that is new to a monitor is first probed. `random` in [0, 1) spreads gateways
 * that were created together, or found after a time without monitors: else they would stay in step.
 */
export function firstProbeDelay(
  { intervalSeconds }: Pick<GatewaySettings, 'intervalSeconds'>,
  probedAgoMs: number | undefined,
  random: number,
): number {
  const intervalMs = intervalSeconds * 1_000;
  if (probedAgoMs === undefined || probedAgoMs > intervalMs + UNPROBED_AFTER_MS)
    return random * Math.min(MAX_FIRST_DELAY_MS, intervalMs);
  const leftMs = intervalMs - probedAgoMs;
  return leftMs > 0 ? leftMs : random * Math.min(CATCH_UP_MS, intervalMs);
}
