import type { Leg } from '../call-leg.ts';
import type { Callflow } from './callflow.ts';
import type { Variables } from './variables.ts';

/**
 * The leg that originated this one: `originating_leg_uuid`, `originator`, or the first caller profile. Later
 * profiles do not count: uuid_bridge adds an originator to legs that started on their own.
 */
function originatorOf(variables: Variables, original: Callflow | undefined): string | null {
  return (
    variables.get('originating_leg_uuid') ??
    variables.get('originator') ??
    original?.peer('originator') ??
    null
  );
}

/** The variable holds `uuid;name;number` for each attempt, in order: the call ended with the last one. */
function lastOriginated(variables: Variables): string | null {
  return variables.list('originated_legs').at(-1)?.split(';')[0] ?? null;
}

/**
 * The other leg of an a-leg: the one it was bridged to (`bridge_uuid`, or the older `signal_bond`), else the
 * one that was ringing when the call ended (`originate_signal_bond`), else the last one attempted.
 */
function partnerOf(variables: Variables, newest: Callflow | undefined): string | null {
  return (
    variables.get('bridge_uuid') ??
    variables.get('signal_bond') ??
    variables.get('originate_signal_bond') ??
    lastOriginated(variables) ??
    newest?.peer('originatee') ??
    null
  );
}

/** Which leg of its call a document describes, and the uuid of the other leg. */
export function readLinks(
  callId: string,
  variables: Variables,
  callflows: Callflow[],
): { leg: Leg; linkedCallId: string | null } {
  const originator = originatorOf(variables, callflows[0]);
  if (originator !== null && originator !== callId) return { leg: 'b', linkedCallId: originator };
  const partner = partnerOf(variables, callflows.at(-1));
  return { leg: 'a', linkedCallId: partner === callId ? null : partner };
}
