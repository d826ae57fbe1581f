import type { Queryable } from '@oriontel/database';
import { awaitDrained } from '@oriontel/intake';
import type { FoundGateway } from '../gateways/gateway.ts';
import type { GatewayResult } from './gateway-result.ts';
import { gatewayStates } from './gateway-state.repository.ts';
import { nextState, unknownState, type GatewayState } from './next-state.ts';
import { gatewayResults, type HistoryPoint } from './result.repository.ts';

/** What there is to know of a gateway. */
export interface KnownStatus {
  state: GatewayState;
  /** Of the last 24 hours. */
  uptime: { results: number; reachable: number };
  /** The newest first; null where it was not asked for. */
  history: HistoryPoint[] | null;
}

const HOUR_MS = 3_600_000;
/** Points of a history. */
const MAX_HISTORY_POINTS = 500;
/** Milliseconds a reader gives the workers to count what was accepted before it asked. */
const DRAIN_TIMEOUT_MS = 250;

/** `historyHours` null: no history. Read your own writes: what is accepted is counted, stored or not. */
export function readStatus(db: Queryable) {
  return async function readGatewayStatus(
    gateway: FoundGateway,
    historyHours: number | null,
  ): Promise<KnownStatus> {
    let read = await gatewayStates(db).read(gateway);
    async function isCounted() {
      read = await gatewayStates(db).read(gateway);
      return !read?.coming.length;
    }
    if (read?.coming.length) await awaitDrained(isCounted, DRAIN_TIMEOUT_MS);
    const { state, coming } = read ?? { state: unknownState, coming: [] };
    const includePending = coming.length > 0;
    const now = Date.now();
    const [uptime, history] = await Promise.all([
      gatewayResults(db).count(gateway, { from: new Date(now - 24 * HOUR_MS), includePending }),
      historyHours === null ? null : readHistory(db, gateway, { now, hours: historyHours, includePending }),
    ]);
    return { state: applyPending(state, coming, gateway), uptime, history };
  };
}

/** What the state will be when these are counted, in the order in which they were accepted. */
function applyPending(state: GatewayState, coming: GatewayResult[], gateway: FoundGateway): GatewayState {
  return coming.reduce((known, result) => nextState(known, result, gateway), state);
}

/** Each result where there are not too many, else equal stretches of time. */
async function readHistory(
  db: Queryable,
  gateway: FoundGateway,
  { now, hours, includePending }: { now: number; hours: number; includePending: boolean },
): Promise<HistoryPoint[]> {
  const asked = { from: new Date(now - hours * HOUR_MS), includePending };
  if (!(await gatewayResults(db).hasMoreThan(MAX_HISTORY_POINTS, gateway, asked)))
    return gatewayResults(db).listPoints(gateway, asked, MAX_HISTORY_POINTS);
  const width = (hours * HOUR_MS) / MAX_HISTORY_POINTS;
  return gatewayResults(db).listBuckets(gateway, asked, { width, stretches: MAX_HISTORY_POINTS });
}
