import { Disposition } from '../call-leg.ts';

/** Spellings without separators: plain words, DIALSTATUS of Asterisk, hangup causes of FreeSWITCH. */
const SPELLINGS: Record<Disposition, string[]> = {
  ANSWERED: ['ANSWERED', 'ANSWER', 'COMPLETED'],
  'NO ANSWER': [
    ...['NOANSWER', 'NOANSWERED', 'NOTANSWERED', 'UNANSWERED', 'MISSED', 'NOUSERRESPONSE', 'TIMEOUT'],
    ...['CANCEL', 'CANCELED', 'CANCELLED', 'ORIGINATORCANCEL'],
  ],
  BUSY: ['BUSY', 'USERBUSY'],
  FAILED: [
    ...['FAILED', 'FAIL', 'FAILURE', 'ERROR', 'CONGESTION', 'CHANUNAVAIL'],
    ...['REJECTED', 'CALLREJECTED', 'DECLINED'],
  ],
};

const BY_SPELLING = new Map(
  Disposition.options.flatMap((disposition) =>
    SPELLINGS[disposition].map((spelling) => [spelling, disposition] as const),
  ),
);

/**
 * Reads a disposition in any case and spelling (`NO_ANSWER`, `no-answer`, `CANCEL`); null if it is unknown.
 */
export function readDisposition(given: string): Disposition | null {
  return BY_SPELLING.get(given.toUpperCase().replace(/[\s_.-]/g, '')) ?? null;
}
