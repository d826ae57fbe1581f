import type { GatewaySettings } from '../gateways/gateway.ts';

/** Milliseconds over which a monitor spreads what the one before it left undone. */
const CATCH_UP_MS = 2_000;
/** Milliseconds in which a new gateway is probed for the first time, where its interval is not shorter. */
const MAX_FIRST_DELAY_MS = 60_000;
/** Milliseconds beyond its interval from which nobody can have been probing a gateway: a dead monitor's are taken over sooner. */
const UNPROBED_AFTER_MS = 15_000;

/**
 * Milliseconds until a gateway that is new to a monitor is first probed. `random` in [0, 1): thousands that are made at once, or found
 * after a night without a monitor, must not go on in step for ever.
 */
export function firstProbeDelay(
  { intervalSeconds }: Pick<GatewaySettings, 'intervalSeconds'>,
  probedAgo: number | undefined,
  random: number,
): number {
  const interval = intervalSeconds * 1_000;
  if (probedAgo === undefined || probedAgo > interval + UNPROBED_AFTER_MS)
    return random * Math.min(MAX_FIRST_DELAY_MS, interval);
  const left = interval - probedAgo;
  return left > 0 ? left : random * Math.min(CATCH_UP_MS, interval);
}
