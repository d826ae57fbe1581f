import type { Problem } from '@oriontel/contracts';
import type { LegFacts } from '../../calls/call-record.ts';
import { findContradictions } from './find-contradictions.ts';
import { PlatformRecord } from './platform-record.ts';

export type RecordCheck =
  | { ok: true; facts: LegFacts }
  /** shape: wrong type, missing or malformed (HTTP 400); impossible: well-formed, but it cannot be (HTTP 422). */
  | { ok: false; kind: 'shape' | 'impossible'; problems: Problem[] };

const dateOf = (time: string | null | undefined): Date | null => (time ? new Date(time) : null);

function toFacts(record: PlatformRecord): LegFacts {
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

function hasOutcome(facts: LegFacts): boolean {
  return (
    [facts.disposition, facts.answerTime, facts.hangupCause, facts.originateDisposition, facts.q850].some(
      (fact) => fact !== null,
    ) ||
    facts.sipStatus !== null ||
    (facts.billsec ?? 0) > 0
  );
}

/** What no single field can be blamed for: one of two must be there. */
function findGaps(facts: LegFacts): Problem[] {
  const gaps: Problem[] = [];
  if (facts.endTime === null && facts.duration === null)
    gaps.push({ field: 'end_time', message: 'is required when duration is not given' });
  if (!hasOutcome(facts))
    gaps.push({ field: 'disposition', message: 'is required: ANSWERED, NO ANSWER, BUSY or FAILED' });
  return gaps;
}

/** Checks one record of a platform batch. `field` is empty when the record is no object at all. */
export function checkRecord(record: unknown): RecordCheck {
  const parsed = PlatformRecord.safeParse(record);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({
      field: path.join('.'),
      message: path.length === 0 ? 'must be a JSON object, one CDR' : message,
    }));
    return { ok: false, kind: 'shape', problems };
  }
  const facts = toFacts(parsed.data);
  const gaps = findGaps(facts);
  if (gaps.length > 0) return { ok: false, kind: 'shape', problems: gaps };
  const contradictions = findContradictions(facts);
  return contradictions.length > 0
    ? { ok: false, kind: 'impossible', problems: contradictions }
    : { ok: true, facts };
}
