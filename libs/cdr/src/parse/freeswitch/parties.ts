import type { Direction } from '../call-leg.ts';
import type { Callflow } from './callflow.ts';
import type { Variables } from './variables.ts';
import { percentDecode } from '../percent-decode.ts';

/**
 * A leg the switch originated by command (no other leg behind it) shows the dialled number as its caller id, because
 * caller and callee change places when it answers; `origination_caller_id_number` and `ani` keep who was shown as calling.
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

/** A b-leg's destination comes out of a dial string, where mod_sofia writes `+` as `%2B`: encoded in JSON and XML alike. */
function calleeOf(variables: Variables, original: Callflow | undefined) {
  const destination = original?.profile('destination_number');
  return destination
    ? percentDecode(destination)
    : (variables.get('sip_req_user') ?? variables.get('sip_to_user'));
}

/** Who called whom, from the original profile: after a transfer still what the caller dialled. */
export function readParties(variables: Variables, callflows: Callflow[], direction: Direction | null) {
  return {
    caller: callerOf(variables, callflows[0], direction),
    callee: calleeOf(variables, callflows[0]),
  };
}
