import type { Queryable } from '@oriontel/database';
import type { IntakeRow, StoreRows } from '@oriontel/intake';
import type { GatewayRef } from '../gateways/gateway.ts';
import { createGatewayEvent, type GatewayEvent, type WriteEvents } from './gateway-event.ts';
import type { GatewayResult } from './gateway-result.ts';
import { gatewayStates, type CountedState, type LockedState } from './gateway-state.repository.ts';
import { shouldNotify, nextState } from './next-state.ts';
import { recount, RECOUNT_LIMIT } from './recount.ts';
import { gatewayResults, type NewResult } from './result.repository.ts';

/**
 * Stores the results of all `rows` once each, moves the states of their gateways by those that are new, and writes an event
 * for each change of status that is news. Results of a gateway that is no more are stored and move nothing.
 */
export function storeResults(writeEvents: WriteEvents): StoreRows<GatewayResult> {
  return async function storeRows(tx, rows) {
    const results = rows.map(asResult).sort(byKey);
    const inserted = await gatewayResults(tx).insert(results);
    const fresh = results.filter(({ id }) => inserted.has(id));
    const events = fresh.length ? await updateStates(tx, fresh) : [];
    if (events.length) await writeEvents(tx, events);
    return [];
  };
}

const asResult = ({ id, payload }: IntakeRow<GatewayResult>): NewResult => ({ ...payload, id });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
/** The order of the table. */
function byKey(a: NewResult, b: NewResult): number {
  return (
    a.orgId - b.orgId || compare(a.gatewayKey, b.gatewayKey) || compare(a.at, b.at) || compare(a.id, b.id)
  );
}
/** In the order in which they were accepted. */
const byAcceptance = (a: NewResult, b: NewResult): number => compare(a.id, b.id);

/** Returns the news. */
async function updateStates(tx: Queryable, results: NewResult[]): Promise<GatewayEvent[]> {
  const byGateway = new Map<string, NewResult[]>();
  for (const result of results.toSorted(byAcceptance)) {
    const own = byGateway.get(result.gatewayKey);
    if (own) own.push(result);
    else byGateway.set(result.gatewayKey, [result]);
  }
  const moves: StateUpdate[] = [];
  for (const gateway of await gatewayStates(tx).lock(
    [...byGateway.values()].map(([result]) => refOf(result!)),
  )) {
    const own = byGateway.get(gateway.key)!;
    const isInTurn = gateway.lastId === null || own[0]!.id > gateway.lastId;
    moves.push(isInTurn ? applyResults(gateway, own) : await recountGateway(tx, gateway, own));
  }
  if (moves.length) await gatewayStates(tx).update(moves.map(({ state }) => state));
  return moves.flatMap(({ events }) => events);
}

const refOf = ({ orgId, gatewayId: id, gatewayKey: key }: GatewayResult): GatewayRef => ({ orgId, id, key });

interface StateUpdate {
  state: CountedState & Pick<GatewayRef, 'orgId' | 'key'>;
  events: GatewayEvent[];
}

function applyResults(gateway: LockedState, results: NewResult[]): StateUpdate {
  const { orgId, key } = gateway;
  const events: GatewayEvent[] = [];
  const state = results.reduce<CountedState>((before, result) => {
    const after = { ...nextState(before, result, gateway), lastId: result.id };
    if (shouldNotify(before, after)) events.push(createGatewayEvent(gateway, result, before, after));
    return after;
  }, gateway);
  return { state: { ...state, orgId, key }, events };
}

/** Some of these were accepted before one that is counted already. */
async function recountGateway(
  tx: Queryable,
  gateway: LockedState,
  results: NewResult[],
): Promise<StateUpdate> {
  const { orgId, key, lastId } = gateway;
  const newest = await gatewayResults(tx).listNewest(gateway, RECOUNT_LIMIT);
  const state = recount(gateway, newest, new Set(results.map(({ id }) => id)), gateway);
  const last = results.at(-1)!;
  const events = shouldNotify(gateway, state) ? [createGatewayEvent(gateway, last, gateway, state)] : [];
  return { state: { ...state, orgId, key, lastId: last.id > lastId! ? last.id : lastId }, events };
}
