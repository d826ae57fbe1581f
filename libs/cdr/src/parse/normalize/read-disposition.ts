import { Disposition } from '../call-leg.ts';

/** What switches and platforms write, bare of blanks and marks: plain words, Asterisk's DIALSTATUS, FreeSWITCH's causes. */
const SPELLINGS: Record<Disposition, string> = {
  ANSWERED: 'ANSWERED ANSWER COMPLETED',
  'NO ANSWER':
    'NOANSWER NOANSWERED NOTANSWERED UNANSWERED MISSED NOUSERRESPONSE TIMEOUT CANCEL CANCELED CANCELLED ORIGINATORCANCEL',
  BUSY: 'BUSY USERBUSY',
  FAILED: 'FAILED FAIL FAILURE ERROR CONGESTION CHANUNAVAIL REJECTED CALLREJECTED DECLINED',
};

const BY_SPELLING = new Map(
  Disposition.options.flatMap((disposition) =>
    SPELLINGS[disposition].split(' ').map((spelling) => [spelling, disposition] as const),
  ),
);

/** A given disposition in any case and spelling (`NO_ANSWER`, `no-answer`, `Answered`, `CANCEL`); null for an unknown one. */
export function readDisposition(given: string): Disposition | null {
  return BY_SPELLING.get(given.toUpperCase().replace(/[\s_.-]/g, '')) ?? null;
}
