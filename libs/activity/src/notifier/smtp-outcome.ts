import type { Outcome } from '../deliveries/sender.ts';

/** What nodemailer says of a failure. */
interface SmtpError {
  code?: string;
  /** What it was before nodemailer gave it a code of its own. */
  originalCode?: string;
  /** At which the server refused: RCPT TO, DATA … */
  command?: string;
  responseCode?: number;
  response?: string;
}

/** Characters of a server's answer. */
const LONGEST = 1_024;

const words: Record<string, { error: string; detail: string }> = {
  ETIMEDOUT: { error: 'timeout', detail: 'The mail server did not answer in time.' },
  EABORT: { error: 'timeout', detail: 'The mail server did not answer in time.' },
  EDNS: { error: 'connection', detail: 'The mail server has no address.' },
  ETLS: { error: 'tls', detail: 'The mail server could not be trusted.' },
  EAUTH: { error: 'auth', detail: 'The mail server does not know us.' },
};
const away = { error: 'connection', detail: 'The mail server could not be reached.' };
const refused = { error: 'refused', detail: 'The mail server refused the email.' };

const OF_CERTIFICATES = /CERT|TLS|SSL|VERIFY/;

/** Of RFC 4954: they tell of us, not of the email. */
const ABOUT_US = new Set([530, 534, 535, 538]);

/**
 * Reads a failed try: what the server refuses for good, the receiver or the text (5yz of RFC 5321), stays refused; all else may
 * go better later.
 */
export const smtpOutcome = (reason: unknown): Outcome => {
  const { originalCode = '', command, responseCode = null, response, ...error } = reason as SmtpError;
  const code = OF_CERTIFICATES.test(originalCode) ? 'ETLS' : error.code;
  const isRefusal = code === 'EENVELOPE' || code === 'EMESSAGE';
  const isAboutIt = command === 'RCPT TO' || command === 'DATA' || command === 'API';
  const isForGood = responseCode === null || (responseCode >= 500 && !ABOUT_US.has(responseCode));
  return {
    result: 'failed',
    final: isRefusal && isAboutIt && isForGood,
    status: responseCode,
    ...(isRefusal ? refused : (words[code ?? ''] ?? away)),
    response: isRefusal && response ? response.slice(0, LONGEST) : null,
  };
};
