import type { Leg } from '../call-leg.ts';
import type { Callflow } from './callflow.ts';
import type { Variables } from './variables.ts';

/**
 * The leg another leg originated has its uuid in `originator` and `originating_leg_uuid`, and in its first caller
 * profile. Later profiles do not count: uuid_bridge writes an originator into them for legs that started by themselves.
 */
function originatorOf(variables: Variables, original: Callflow | undefined): string | null {
  return (
    variables.get('originating_leg_uuid') ??
    variables.get('originator') ??
    original?.peer('originator') ??
    null
  );
}

/** `uuid;name;number` for every leg it tried, in order: the last try is the one the call ended with. */
function lastOriginated(variables: Variables): string | null {
  return variables.list('originated_legs').at(-1)?.split(';')[0] ?? null;
}

/**
 * The leg an a-leg goes with: the one it talked to (`bridge_uuid`, then `signal_bond`, which says the same and is
 * older), else the one that was ringing when it ended (`originate_signal_bond`), else the last it tried.
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
