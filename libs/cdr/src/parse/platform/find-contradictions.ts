import type { Problem } from '@oriontel/contracts';
import { MAX_CALL_SECONDS, type LegFacts } from '../call-leg.ts';
import { readDisposition } from '../normalize/read-disposition.ts';

type Rule = (facts: LegFacts) => string | null;

function lengthOf({ startTime, endTime }: LegFacts): number | null {
  return endTime === null ? null : (endTime.getTime() - startTime.getTime()) / 1000;
}

const endTime: Rule = (facts) => {
  const length = lengthOf(facts) ?? 0;
  if (length < 0) return 'must not be before start_time';
  return length > MAX_CALL_SECONDS ? 'must be within a year of start_time' : null;
};

const answerTime: Rule = ({ answerTime, startTime, endTime }) =>
  answerTime !== null && (answerTime < startTime || (endTime !== null && answerTime > endTime))
    ? 'must be between start_time and end_time'
    : null;

const duration: Rule = (facts) => {
  if (facts.duration === null) return null;
  if (facts.duration < 0) return 'must not be negative';
  if (facts.duration > MAX_CALL_SECONDS) return 'must be at most a year, in seconds';
  const length = lengthOf(facts);
  return length !== null && length >= 0 && Math.abs(facts.duration - length) > 1
    ? `must be within 1 s of end_time minus start_time, which is ${length} s`
    : null;
};

const billsec: Rule = (facts) => {
  if (facts.billsec === null) return null;
  if (facts.billsec < 0) return 'must not be negative';
  const longest = facts.duration ?? lengthOf(facts);
  return longest !== null && facts.billsec > longest + 1 ? 'must not be longer than the call' : null;
};

const disposition: Rule = (facts) =>
  facts.disposition !== null && readDisposition(facts.disposition) === null
    ? 'must be ANSWERED, NO ANSWER, BUSY or FAILED'
    : null;

const RULES: [field: string, rule: Rule][] = [
  ['end_time', endTime],
  ['answer_time', answerTime],
  ['duration', duration],
  ['billsec', billsec],
  ['disposition', disposition],
];

/** Values of a well-formed record that contradict each other or are impossible. */
export function findContradictions(facts: LegFacts): Problem[] {
  return RULES.flatMap(([field, rule]) => {
    const message = rule(facts);
    return message === null ? [] : { field, message };
  });
}
