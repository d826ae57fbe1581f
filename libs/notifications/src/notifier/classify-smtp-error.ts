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
const MAX_RESPONSE_CHARS = 1_024;

const errorsByCode: Record<string, { error: string; detail: string }> = {
  ETIMEDOUT: { error: 'timeout', detail: 'The mail server did not answer in time.' },
  EABORT: { error: 'timeout', detail: 'The mail server did not answer in time.' },
  EDNS: { error: 'connection', detail: 'The mail server has no address.' },
  ETLS: { error: 'tls', detail: 'The mail server could not be trusted.' },
  EAUTH: { error: 'auth', detail: 'The mail server does not know us.' },
};
const unreachable = { error: 'connection', detail: 'The mail server could not be reached.' };
const refused = { error: 'refused', detail: 'The mail server refused the email.' };

const CERTIFICATE_ERROR = /CERT|TLS|SSL|VERIFY/;

/** Of RFC 4954: they tell of us, not of the email. */
const AUTH_STATUS_CODES = new Set([530, 534, 535, 538]);

/**
 * Reads a failed try: what the server refuses for good, the receiver or the text (5yz of RFC 5321), stays refused; all else may
 * go better later.
 */
export function classifySmtpError(reason: unknown): Outcome {
  const { originalCode = '', command, responseCode = null, response, ...error } = reason as SmtpError;
  const code = CERTIFICATE_ERROR.test(originalCode) ? 'ETLS' : error.code;
  const isRefusal = code === 'EENVELOPE' || code === 'EMESSAGE';
  const isAboutIt = command === 'RCPT TO' || command === 'DATA' || command === 'API';
  const isForGood = responseCode === null || (responseCode >= 500 && !AUTH_STATUS_CODES.has(responseCode));
  return {
    result: 'failed',
    final: isRefusal && isAboutIt && isForGood,
    status: responseCode,
    ...(isRefusal ? refused : (errorsByCode[code ?? ''] ?? unreachable)),
    response: isRefusal && response ? response.slice(0, MAX_RESPONSE_CHARS) : null,
  };
}
