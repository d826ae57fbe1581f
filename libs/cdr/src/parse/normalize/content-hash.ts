import { hash } from 'node:crypto';
import type { CallLeg } from '../call-leg.ts';
import { normalizeNumber } from './normalize-number.ts';

/** Without a region: a resent record must have the same hash after the organization changed its region. */
const party = (raw: string | null): string | null => (raw === null ? null : normalizeNumber(raw, null));

/**
 * Equal for two submissions of one leg with the same content; 22 characters (132 bits of SHA-256). Excludes
 * call id, source and start, which form the key, and fields in which mod_json_cdr and mod_xml_cdr may differ.
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
