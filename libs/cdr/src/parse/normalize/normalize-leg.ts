import type { CallLeg, Disposition, LegFacts } from '../call-leg.ts';
import { decideDisposition } from './decide-disposition.ts';
import { normalizeNumber } from './normalize-number.ts';

/** Whole seconds, never below 0. */
function secondsBetween(from: Date, to: Date | null): number {
  return to === null ? 0 : Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
}

function endOf({ startTime, endTime, duration }: LegFacts): Date | null {
  return endTime ?? (duration === null ? null : new Date(startTime.getTime() + duration * 1000));
}

/** An answered call without billsec or answer_time counts as answered for its whole duration. */
function billsecOf(facts: LegFacts, end: Date | null, duration: number, disposition: Disposition): number {
  if (facts.billsec !== null) return Math.round(facts.billsec);
  if (facts.answerTime !== null) return secondsBetween(facts.answerTime, end);
  return disposition === 'ANSWERED' ? duration : 0;
}

/**
 * Normalizes a leg: numbers to E.164 by the region of the organization (raw numbers are kept), one of four
 * dispositions, missing times and durations derived from each other. `source` is used if the facts name none.
 */
export function normalizeLeg(facts: LegFacts, org: { region: string | null }, source: string): CallLeg {
  const { caller, callee } = facts;
  const endTime = endOf(facts);
  const duration =
    facts.duration === null ? secondsBetween(facts.startTime, endTime) : Math.round(facts.duration);
  const disposition = decideDisposition(facts);
  return {
    callId: facts.callId,
    leg: facts.leg ?? 'a',
    linkedCallId: facts.linkedCallId,
    direction: facts.direction,
    caller: caller === null ? null : normalizeNumber(caller, org.region),
    callee: callee === null ? null : normalizeNumber(callee, org.region),
    callerRaw: caller,
    calleeRaw: callee,
    startTime: facts.startTime,
    answerTime: facts.answerTime,
    endTime,
    duration,
    billsec: billsecOf(facts, endTime, duration, disposition),
    disposition,
    hangupCause: facts.hangupCause,
    q850: facts.q850,
    sipStatus: facts.sipStatus,
    trunkId: facts.trunkId,
    source: facts.source ?? source,
  };
}
