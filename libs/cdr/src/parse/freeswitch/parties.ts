import type { Direction } from '../call-leg.ts';
import type { Callflow } from './callflow.ts';
import type { Variables } from './variables.ts';
import { percentDecode } from '../percent-decode.ts';

/**
 * The caller of a leg that an originate command started. Its caller id becomes the dialed number on answer,
 * because FreeSWITCH swaps caller and callee; `origination_caller_id_number` and `ani` keep the original
 * caller.
 */
function originatedCaller(variables: Variables, original: Callflow | undefined): string | null {
  const byCommand = original?.profile('source')?.endsWith('switch_ivr_originate.c');
  return (
    variables.get('origination_caller_id_number') ?? (byCommand ? (original?.profile('ani') ?? null) : null)
  );
}

function callerOf(variables: Variables, original: Callflow | undefined, direction: Direction | null) {
  return (
    (direction === 'outbound' ? originatedCaller(variables, original) : null) ??
    original?.profile('caller_id_number') ??
    original?.profile('ani') ??
    variables.get('sip_from_user')
  );
}

/**
 * The destination of a b-leg is percent-encoded in JSON and XML: mod_sofia writes `+` as `%2B` in the dial
 * string.
 */
function calleeOf(variables: Variables, original: Callflow | undefined) {
  const destination = original?.profile('destination_number');
  return destination
    ? percentDecode(destination)
    : (variables.get('sip_req_user') ?? variables.get('sip_to_user'));
}

/** Caller and callee from the original profile: unchanged by transfers. */
export function readParties(variables: Variables, callflows: Callflow[], direction: Direction | null) {
  return {
    caller: callerOf(variables, callflows[0], direction),
    callee: calleeOf(variables, callflows[0]),
  };
}
