import type { Variables } from './variables.ts';

/** Variables with the final SIP status, in order of preference: that of the bridged leg is last. */
const STATUS_VARIABLES = [
  'sip_term_status',
  'sip_invite_failure_status',
  'proto_specific_hangup_cause',
  'last_bridge_proto_specific_hangup_cause',
];

/** `486` or `sip:486`. */
function sipStatus(variables: Variables): number | null {
  for (const name of STATUS_VARIABLES) {
    const status = /^(?:sip:)?([1-6]\d\d)$/.exec(variables.get(name) ?? '')?.[1];
    if (status) return Number(status);
  }
  return null;
}

function q850(variables: Variables): number | null {
  const text = variables.get('hangup_cause_q850');
  return text !== null && /^\d{1,3}$/.test(text) && Number(text) <= 127 ? Number(text) : null;
}

/** All variables that describe how a leg ended; hangup_cause alone can be misleading. */
export function readOutcome(variables: Variables) {
  return {
    hangupCause: variables.get('hangup_cause'),
    originateDisposition: variables.get('originate_disposition'),
    q850: q850(variables),
    sipStatus: sipStatus(variables),
  };
}
