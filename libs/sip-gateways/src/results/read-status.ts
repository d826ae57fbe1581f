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

const HOUR = 3_600_000;
/** Points of a history. */
const MOST_POINTS = 500;
/** Milliseconds a reader gives the workers to count what was accepted before it asked. */
const PATIENCE = 250;

/** `historyHours` null: no history. Read your own writes: what is accepted is counted, stored or not. */
export const readStatus =
  (db: Queryable) =>
  async (gateway: FoundGateway, historyHours: number | null): Promise<KnownStatus> => {
    let read = await gatewayStates(db).read(gateway);
    const isCounted = async () => {
      read = await gatewayStates(db).read(gateway);
      return !read?.coming.length;
    };
    if (read?.coming.length) await awaitDrained(isCounted, PATIENCE);
    const { state, coming } = read ?? { state: unknownState, coming: [] };
    const withComing = coming.length > 0;
    const now = Date.now();
    const [uptime, history] = await Promise.all([
      gatewayResults(db).count(gateway, { from: new Date(now - 24 * HOUR), withComing }),
      historyHours === null ? null : readHistory(db, gateway, { now, hours: historyHours, withComing }),
    ]);
    return { state: withAll(state, coming, gateway), uptime, history };
  };

/** What the state will be when these are counted, in the order in which they were accepted. */
const withAll = (state: GatewayState, coming: GatewayResult[], gateway: FoundGateway): GatewayState =>
  coming.reduce((known, result) => nextState(known, result, gateway), state);

/** Each result where there are not too many, else equal stretches of time. */
const readHistory = async (
  db: Queryable,
  gateway: FoundGateway,
  { now, hours, withComing }: { now: number; hours: number; withComing: boolean },
): Promise<HistoryPoint[]> => {
  const asked = { from: new Date(now - hours * HOUR), withComing };
  if (!(await gatewayResults(db).areMoreThan(MOST_POINTS, gateway, asked)))
    return gatewayResults(db).each(gateway, asked, MOST_POINTS);
  const width = (hours * HOUR) / MOST_POINTS;
  return gatewayResults(db).inStretches(gateway, asked, { width, stretches: MOST_POINTS });
};
