import type { ProbeError } from './prober.ts';

/** What is known of a failed probe, in words of our own. */
export class ProbeFailure extends Error {
  readonly word: ProbeError;
  constructor(word: ProbeError, reason: string) {
    super(reason);
    this.word = word;
  }
}

const KNOWN_ERRORS: Partial<Record<string, [ProbeError, string]>> = {
  ECONNREFUSED: ['refused', 'The connection was refused.'],
  ECONNRESET: ['closed', 'The connection was reset before an answer.'],
  EPIPE: ['closed', 'The connection was closed before an answer.'],
  ETIMEDOUT: ['timeout', 'No connection.'],
};
const UNREACHABLE_CODES = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EACCES',
  'EPERM',
  'EINVAL',
]);
const TLS_ERROR_CODE =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO$|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|ERROR_IN_CERT)/;

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** @throws the error itself where it is of this host and says nothing of the gateway (no descriptor, buffer or port left). */
export function classifyError(error: unknown): { error: ProbeError; reason: string } {
  if (error instanceof ProbeFailure) return { error: error.word, reason: error.message };
  const code = errorCode(error);
  const known = KNOWN_ERRORS[code];
  if (known) return { error: known[0], reason: known[1] };
  if (UNREACHABLE_CODES.has(code))
    return { error: 'unreachable', reason: `There is no way to it (${code}).` };
  if (TLS_ERROR_CODE.test(code)) return { error: 'tls', reason: `TLS failed (${code}).` };
  throw error;
}
