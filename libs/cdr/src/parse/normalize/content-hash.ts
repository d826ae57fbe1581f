import { hash } from 'node:crypto';
import type { CallLeg } from '../call-leg.ts';
import { normalizeNumber } from './normalize-number.ts';

/** By no region: the hash must not change when the organization sets another one and the same record comes again. */
const party = (raw: string | null): string | null => (raw === null ? null : normalizeNumber(raw, null));

/**
 * Whether two submissions of one leg say the same, in 22 characters (132 bits). Left out: call id, source and start, which
 * are the key they share, and what mod_json_cdr and mod_xml_cdr need not agree in.
 */
export function contentHash(leg: CallLeg): string {
  const content = [
    party(leg.callerRaw),
    party(leg.calleeRaw),
    leg.answerTime?.getTime() ?? null,
    leg.endTime?.getTime() ?? null,
    leg.duration,
    leg.billsec,
    leg.disposition,
    leg.hangupCause,
    leg.trunkId,
  ];
  return hash('sha256', JSON.stringify(content), 'base64url').slice(0, 22);
}
