import type { Disposition, LegFacts } from '../call-leg.ts';
import { readDisposition } from './read-disposition.ts';

const BUSY_CAUSES = new Set(['USER_BUSY', 'BUSY']);

/**
 * No answer, no user response, an expired timer, or a call canceled by the caller. LOSE_RACE and PICKED_OFF
 * belong here too: the switch canceled the leg because the call was answered elsewhere.
 */
const NO_ANSWER_CAUSES = new Set([
  'NO_ANSWER',
  'NO_USER_RESPONSE',
  'RECOVERY_ON_TIMER_EXPIRE',
  'PROGRESS_TIMEOUT',
  'ALLOTTED_TIMEOUT',
  'TIMEOUT',
  'ORIGINATOR_CANCEL',
  'CANCEL',
  'LOSE_RACE',
  'PICKED_OFF',
]);

/** ITU-T Q.850: 18 no user responding, 19 no answer from user, 102 recovery on timer expiry. */
const NO_ANSWER_Q850 = new Set([18, 19, 102]);

/** RFC 3261: 408 request timeout, 480 temporarily unavailable. Only used if no hangup cause is known. */
const NO_ANSWER_SIP = new Set([408, 480]);

type Outcome = Pick<
  LegFacts,
  'answerTime' | 'billsec' | 'disposition' | 'hangupCause' | 'originateDisposition' | 'q850' | 'sipStatus'
>;

/** `Normal Clearing`, `normal-clearing` and `NORMAL_CLEARING` are one cause. */
function causesOf({ hangupCause, originateDisposition }: Outcome): string[] {
  return [hangupCause, originateDisposition].flatMap(
    (cause) => cause?.toUpperCase().replace(/[\s-]+/g, '_') ?? [],
  );
}

function isBusy(outcome: Outcome, causes: string[]): boolean {
  return (
    causes.some((cause) => BUSY_CAUSES.has(cause)) ||
    outcome.q850 === 17 ||
    outcome.sipStatus === 486 ||
    outcome.sipStatus === 600
  );
}

function isNoAnswer({ q850, sipStatus }: Outcome, causes: string[]): boolean {
  return (
    causes.some((cause) => NO_ANSWER_CAUSES.has(cause)) ||
    (q850 !== null && NO_ANSWER_Q850.has(q850)) ||
    // RFC 3261, 487: a CANCEL terminated the request, whatever the hangup cause.
    sipStatus === 487 ||
    (causes.length === 0 && q850 === null && sipStatus !== null && NO_ANSWER_SIP.has(sipStatus))
  );
}

/**
 * The given disposition if it is valid, else one derived from the outcome: ANSWERED, BUSY, NO ANSWER, FAILED
 * in that order.
 */
export function decideDisposition(outcome: Outcome): Disposition {
  const given = outcome.disposition === null ? null : readDisposition(outcome.disposition);
  if (given) return given;
  if (outcome.answerTime !== null || (outcome.billsec ?? 0) > 0) return 'ANSWERED';
  const causes = causesOf(outcome);
  if (isBusy(outcome, causes)) return 'BUSY';
  return isNoAnswer(outcome, causes) ? 'NO ANSWER' : 'FAILED';
}
