import type { GatewaySettings } from '../gateways/gateway.ts';

/** Milliseconds over which a monitor spreads what the one before it left undone. */
const CATCH_UP = 2_000;
/** Milliseconds in which a new gateway is probed for the first time, where its interval is not shorter. */
const FIRST = 60_000;
/** Milliseconds beyond its interval from which nobody can have been probing a gateway: a dead monitor's are taken over sooner. */
const FORGOTTEN = 15_000;

/**
 * Milliseconds until a gateway that is new to a monitor is first probed. `random` in [0, 1): thousands that are made at once, or found
 * after a night without a monitor, must not go on in step for ever.
 */
export const firstDue = (
  { intervalSeconds }: Pick<GatewaySettings, 'intervalSeconds'>,
  /** Milliseconds since a monitor last probed it; undefined where none ever did. */
  probedAgo: number | undefined,
  random: number,
): number => {
  const interval = intervalSeconds * 1_000;
  if (probedAgo === undefined || probedAgo > interval + FORGOTTEN) return random * Math.min(FIRST, interval);
  const left = interval - probedAgo;
  return left > 0 ? left : random * Math.min(CATCH_UP, interval);
};
