import type { Measurement, ResultStatus } from './gateway-result.ts';
import { nextJitter } from './next-jitter.ts';

/** What the results of a gateway come to. */
export interface GatewayState {
  /** Changes after several results in a row: see nextStatus. */
  status: 'unknown' | ResultStatus;
  /** When it came to this status. */
  since: Date | null;
  /** The time of the last result; the next five are what that one says. */
  lastCheck: Date | null;
  latencyMs: number | null;
  lossPercent: number | null;
  /** As measured, else as RFC 3550 computes it. */
  jitterMs: number | null;
  sipCode: number | null;
  error: string | null;
  /** Results in a row until the last: up or degraded, and the reverse. One of the two is 0. */
  consecutiveSuccesses: number;
  consecutiveFailures: number;
  /** Up, and the reverse. One of the two is 0. */
  consecutiveUps: number;
  consecutiveTroubles: number;
}

export interface Thresholds {
  failuresToDown: number;
  successesToUp: number;
}

export const unknownState: GatewayState = {
  status: 'unknown',
  since: null,
  lastCheck: null,
  latencyMs: null,
  lossPercent: null,
  jitterMs: null,
  sipCode: null,
  error: null,
  consecutiveSuccesses: 0,
  consecutiveFailures: 0,
  consecutiveUps: 0,
  consecutiveTroubles: 0,
};

/**
 * The state after one more result, in the order in which they are accepted. One that is older than the last moves nothing, so a
 * state never goes back.
 */
export function nextState(
  state: GatewayState,
  result: Omit<Measurement, 'source'>,
  thresholds: Thresholds,
): GatewayState {
  const at = new Date(result.at);
  if (state.lastCheck && at < state.lastCheck) return state;
  const isDown = result.status === 'down';
  const isUp = result.status === 'up';
  const counts = {
    consecutiveSuccesses: isDown ? 0 : state.consecutiveSuccesses + 1,
    consecutiveFailures: isDown ? state.consecutiveFailures + 1 : 0,
    consecutiveUps: isUp ? state.consecutiveUps + 1 : 0,
    consecutiveTroubles: isUp ? 0 : state.consecutiveTroubles + 1,
  };
  const status = nextStatus(state.status, result.status, counts, thresholds);
  const { latencyMs, lossPercent, sipCode, error } = result;
  return {
    ...counts,
    status,
    since: status === state.status ? state.since : at,
    lastCheck: at,
    latencyMs,
    lossPercent,
    jitterMs: result.jitterMs ?? nextJitter(state.jitterMs, state.latencyMs, latencyMs),
    sipCode,
    error,
  };
}

type Counts = Pick<
  GatewayState,
  'consecutiveSuccesses' | 'consecutiveFailures' | 'consecutiveUps' | 'consecutiveTroubles'
>;

/**
 * The first result is believed at once. From then on a gateway is down from the last of failuresToDown downs in a row until the last of
 * successesToUp in a row that are not; and is not up, by the same numbers, from troubles (degraded or down) in a row until ups in
 * a row. What is not up and not down is degraded.
 */
function nextStatus(
  before: GatewayState['status'],
  result: ResultStatus,
  counts: Counts,
  { failuresToDown, successesToUp }: Thresholds,
): ResultStatus {
  if (before === 'unknown') return result;
  const isDown =
    before === 'down'
      ? counts.consecutiveSuccesses < successesToUp
      : counts.consecutiveFailures >= failuresToDown;
  if (isDown) return 'down';
  const isInTrouble =
    before === 'up' ? counts.consecutiveTroubles >= failuresToDown : counts.consecutiveUps < successesToUp;
  return isInTrouble ? 'degraded' : 'up';
}

/** Whether people are to be told. That a gateway which nobody knew is there is no news, unless it is down. */
export function shouldNotify(before: GatewayState, after: GatewayState): boolean {
  return before.status !== after.status && (before.status !== 'unknown' || after.status === 'down');
}
