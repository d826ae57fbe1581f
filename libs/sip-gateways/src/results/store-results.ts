import type { Queryable } from '@oriontel/database';
import type { IntakeRow, StoreRows } from '@oriontel/intake';
import type { GatewayRef } from '../gateways/gateway.ts';
import { createGatewayEvent, type GatewayEvent, type WriteEvents } from './gateway-event.ts';
import type { GatewayResult } from './gateway-result.ts';
import { gatewayStates, type CountedState, type LockedState } from './gateway-state.repository.ts';
import { shouldNotify, nextState } from './next-state.ts';
import { recount, RECOUNT_LIMIT } from './recount.ts';
import { resultHours } from './result-hour.repository.ts';
import { gatewayResults, type NewResult } from './result.repository.ts';

/** The request id of events: a result has no request of its own once it is queued. */
const EVENT_REQUEST_ID = 'gateway-monitor';

/**
 * Stores each result once, updates the states of their gateways and writes an event for each notable change
 * of status. Idempotent: a row handled twice counts once. Results of deleted gateways are stored and change
 * nothing.
 */
export function storeResults(writeEvents: WriteEvents): StoreRows<GatewayResult> {
  return async function storeRows(tx, rows) {
    const results = rows.map(toResult).sort(byKey);
    const insertedIds = await gatewayResults(tx).insert(results);
    const inserted = results.filter(({ id }) => insertedIds.has(id));
    if (!inserted.length) return [];
    const events = await updateStates(tx, inserted);
    await resultHours(tx).add(inserted);
    if (events.length) await writeEvents(tx, events, EVENT_REQUEST_ID);
    return [];
  };
}

const toResult = ({ id, payload }: IntakeRow<GatewayResult>): NewResult => ({ ...payload, id });

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The order of the unique index: batches that insert in this order cannot deadlock. */
function byKey(a: NewResult, b: NewResult): number {
  return (
    a.orgId - b.orgId || compare(a.gatewayKey, b.gatewayKey) || compare(a.at, b.at) || compare(a.id, b.id)
  );
}

/** Ids are UUIDv7: they sort by the time of acceptance. */
const byAcceptance = (a: NewResult, b: NewResult): number => compare(a.id, b.id);

/** Returns the events to write. */
async function updateStates(tx: Queryable, results: NewResult[]): Promise<GatewayEvent[]> {
  const byGateway = groupByGateway(results.toSorted(byAcceptance));
  const refs = [...byGateway.values()].map(([first]) => refOf(first!));
  const updates: StateUpdate[] = [];
  for (const gateway of await gatewayStates(tx).lock(refs)) {
    const own = byGateway.get(gateway.key)!;
    const isInOrder = gateway.lastId === null || own[0]!.id > gateway.lastId;
    updates.push(isInOrder ? applyResults(gateway, own) : await recountGateway(tx, gateway, own));
  }
  if (updates.length) await gatewayStates(tx).update(updates.map(({ state }) => state));
  return updates.flatMap(({ events }) => events);
}

function groupByGateway(results: NewResult[]): Map<string, NewResult[]> {
  const groups = new Map<string, NewResult[]>();
  for (const result of results) {
    const group = groups.get(result.gatewayKey);
    if (group) group.push(result);
    else groups.set(result.gatewayKey, [result]);
  }
  return groups;
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

/** For results of which some were accepted before one that the state counts already. */
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
