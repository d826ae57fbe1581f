import type { Outcome } from '../deliveries/sender.ts';

/** The error that nodemailer raises. */
interface SmtpError {
  code?: string;
  /** The socket's code, if nodemailer replaced it. */
  originalCode?: string;
  /** The SMTP command that the server refused: RCPT TO, DATA … */
  command?: string;
  responseCode?: number;
  response?: string;
}

const MAX_RESPONSE_CHARS = 1_024;

const errorsByCode: Record<string, { error: string; detail: string }> = {
  ETIMEDOUT: { error: 'timeout', detail: 'The mail server did not respond in time.' },
  EABORT: { error: 'timeout', detail: 'The mail server did not respond in time.' },
  EDNS: { error: 'connection', detail: 'The host name of the mail server was not found.' },
  ETLS: { error: 'tls', detail: 'The certificate of the mail server is not trusted.' },
  EAUTH: { error: 'auth', detail: 'The mail server rejected the credentials.' },
};
const unreachable = { error: 'connection', detail: 'The mail server could not be reached.' };
const refused = { error: 'refused', detail: 'The mail server refused the email.' };

const CERTIFICATE_ERROR = /CERT|TLS|SSL|VERIFY/;

/** RFC 4954: failures of our authentication, not of the email. */
const AUTH_STATUS_CODES = new Set([530, 534, 535, 538]);

/**
 * Classifies an error of nodemailer. Permanent: the server refused the receiver or the text with 5yz (RFC
 * 5321).
 */
export function classifySmtpError(thrown: unknown): Outcome {
  const { originalCode = '', command, responseCode = null, response, ...error } = thrown as SmtpError;
  const code = CERTIFICATE_ERROR.test(originalCode) ? 'ETLS' : error.code;
  const isRefusal = code === 'EENVELOPE' || code === 'EMESSAGE';
  const isAboutEmail = command === 'RCPT TO' || command === 'DATA' || command === 'API';
  const isFinalStatus =
    responseCode === null || (responseCode >= 500 && !AUTH_STATUS_CODES.has(responseCode));
  return {
    result: 'failed',
    isPermanent: isRefusal && isAboutEmail && isFinalStatus,
    status: responseCode,
    ...(isRefusal ? refused : (errorsByCode[code ?? ''] ?? unreachable)),
    response: isRefusal && response ? response.slice(0, MAX_RESPONSE_CHARS) : null,
  };
}
