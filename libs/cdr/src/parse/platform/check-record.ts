import type { Problem } from '@oriontel/contracts';
import type { LegFacts } from '../call-leg.ts';
import { findContradictions } from './find-contradictions.ts';
import { PlatformRecord } from './platform-record.ts';

export type RecordCheck =
  | { ok: true; facts: LegFacts }
  /**
   * shape: missing, wrong type or malformed (HTTP 400); impossible: well-formed but contradictory (HTTP 422).
   */
  | { ok: false; kind: 'shape' | 'impossible'; problems: Problem[] };

/** Checks one record of a platform batch. A problem has an empty `field` if the record is not an object. */
export function checkRecord(record: unknown): RecordCheck {
  const parsed = PlatformRecord.safeParse(record);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.'),
      message: path.length === 0 ? 'must be a JSON object, one CDR' : message,
    }));
    return { ok: false, kind: 'shape', problems };
  }
  const facts = toLegFacts(parsed.data);
  const gaps = findGaps(facts);
  if (gaps.length > 0) return { ok: false, kind: 'shape', problems: gaps };
  const contradictions = findContradictions(facts);
  return contradictions.length > 0
    ? { ok: false, kind: 'impossible', problems: contradictions }
    : { ok: true, facts };
}

/** The facts of a record that passed checkRecord. */
export function toLegFacts(record: PlatformRecord): LegFacts {
  return {
    callId: record.call_id,
    leg: record.leg ?? null,
    linkedCallId: record.linked_call_id ?? null,
    direction: record.direction ?? null,
    caller: record.caller,
    callee: record.callee,
    startTime: new Date(record.start_time),
    answerTime: dateOf(record.answer_time),
    endTime: dateOf(record.end_time),
    duration: record.duration ?? null,
    billsec: record.billsec ?? null,
    disposition: record.disposition ?? null,
    hangupCause: record.hangup_cause ?? null,
    originateDisposition: record.originate_disposition ?? null,
    q850: record.q850 ?? null,
    sipStatus: record.sip_status ?? null,
    trunkId: record.trunk_id ?? null,
    source: null,
  };
}

function dateOf(time: string | null | undefined): Date | null {
  return time ? new Date(time) : null;
}

/** Requirements that several optional fields share: one of them must be given. */
function findGaps(facts: LegFacts): Problem[] {
  const gaps: Problem[] = [];
  if (facts.endTime === null && facts.duration === null)
    gaps.push({ field: 'end_time', message: 'is required when duration is not given' });
  if (!hasOutcome(facts))
    gaps.push({ field: 'disposition', message: 'is required: ANSWERED, NO ANSWER, BUSY or FAILED' });
  return gaps;
}

function hasOutcome(facts: LegFacts): boolean {
  return (
    facts.disposition !== null ||
    facts.answerTime !== null ||
    facts.hangupCause !== null ||
    facts.originateDisposition !== null ||
    facts.q850 !== null ||
    facts.sipStatus !== null ||
    (facts.billsec ?? 0) > 0
  );
}
