import type { Measurement, ResultStatus } from './gateway-result.ts';
import { nextJitter } from './next-jitter.ts';

/** The state of a gateway after a sequence of results. */
export interface GatewayState {
  /** Changes after several results in a row: see nextStatus. */
  status: 'unknown' | ResultStatus;
  /** When it changed to this status. */
  since: Date | null;
  /** The time of the last result; the next five members are of that result. */
  lastCheck: Date | null;
  latencyMs: number | null;
  lossPercent: number | null;
  /** As measured, else computed as in RFC 3550. */
  jitterMs: number | null;
  sipCode: number | null;
  error: string | null;
  /** Latest results in a row that are not down, and that are down. One of the two is 0. */
  consecutiveSuccesses: number;
  consecutiveFailures: number;
  /** Latest results in a row that are up, and that are not up. One of the two is 0. */
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
 * The state after one more result; call it in the order in which results were accepted. A result measured
 * before the last one is ignored.
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
 * The first result sets the status. After it, `failuresToDown` downs in a row set it to down, until
 * `successesToUp` results in a row that are not down. Likewise `failuresToDown` results that are not up set
 * it to degraded, until `successesToUp` ups in a row.
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

/** Whether a change of status causes an event: any change but the first result, unless that is down. */
export function shouldNotify(before: GatewayState, after: GatewayState): boolean {
  return before.status !== after.status && (before.status !== 'unknown' || after.status === 'down');
}
