import type { Queryable } from '@oriontel/database';
import { awaitDrained } from '@oriontel/intake';
import type { FoundGateway } from '../gateways/gateway.ts';
import type { GatewayResult } from './gateway-result.ts';
import { gatewayStates } from './gateway-state.repository.ts';
import { nextState, unknownState, type GatewayState } from './next-state.ts';
import { gatewayResults, type HistoryPoint } from './result.repository.ts';

export interface KnownStatus {
  state: GatewayState;
  /** Of the last 24 hours: results, and those of them that were not down. */
  uptime: { results: number; reachable: number };
  /** Newest first; null if not requested. */
  history: HistoryPoint[] | null;
}

const HOUR_MS = 3_600_000;
const MAX_HISTORY_POINTS = 500;
const MIN_ROLLUP_HOURS = 72;
/** A read waits this long for workers to store what was accepted before. */
const DRAIN_TIMEOUT_MS = 250;

/**
 * Reads the status of a gateway, and its history of `historyHours` (null: none). Reads your own writes:
 * accepted results count, stored or not.
 */
export function readStatus(db: Queryable) {
  return async function readGatewayStatus(
    gateway: FoundGateway,
    historyHours: number | null,
  ): Promise<KnownStatus> {
    const { state, pending } = await readCounted(db, gateway);
    const includePending = pending.length > 0;
    const now = Date.now();
    const [uptime, history] = await Promise.all([
      gatewayResults(db).count(gateway, { from: new Date(now - 24 * HOUR_MS), includePending }),
      historyHours === null ? null : readHistory(db, gateway, { now, hours: historyHours, includePending }),
    ]);
    return { state: applyPending(state, pending, gateway), uptime, history };
  };
}

/** The state, after waiting a moment for pending results to be stored. */
async function readCounted(
  db: Queryable,
  gateway: FoundGateway,
): Promise<{ state: GatewayState; pending: GatewayResult[] }> {
  let current = await gatewayStates(db).read(gateway);
  async function isCounted(): Promise<boolean> {
    current = await gatewayStates(db).read(gateway);
    return !current?.pending.length;
  }
  if (current?.pending.length) await awaitDrained(isCounted, DRAIN_TIMEOUT_MS);
  return current ?? { state: unknownState, pending: [] };
}

/** The state once the pending results are stored in the order of their acceptance. */
function applyPending(state: GatewayState, pending: GatewayResult[], gateway: FoundGateway): GatewayState {
  return pending.reduce((known, result) => nextState(known, result, gateway), state);
}

/**
 * Each result, or buckets of equal width if there are more than MAX_HISTORY_POINTS. From three days on
 * buckets are whole hours, which are counted when results are stored.
 */
async function readHistory(
  db: Queryable,
  gateway: FoundGateway,
  { now, hours, includePending }: { now: number; hours: number; includePending: boolean },
): Promise<HistoryPoint[]> {
  const filter = { from: new Date(now - hours * HOUR_MS), includePending };
  if (!(await gatewayResults(db).hasMoreThan(MAX_HISTORY_POINTS, gateway, filter)))
    return gatewayResults(db).listPoints(gateway, filter, MAX_HISTORY_POINTS);
  if (hours >= MIN_ROLLUP_HOURS) {
    // The first hour and the last one are parts.
    const hoursEach = Math.ceil((hours + 2) / MAX_HISTORY_POINTS);
    return gatewayResults(db).listHourBuckets(gateway, filter, hoursEach);
  }
  const widthMs = (hours * HOUR_MS) / MAX_HISTORY_POINTS;
  return gatewayResults(db).listBuckets(gateway, filter, { widthMs, count: MAX_HISTORY_POINTS });
}
