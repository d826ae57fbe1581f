import type { ProbeError } from './prober.ts';

/** A probe that failed for a known reason; the message is a sentence for users. */
export class ProbeFailure extends Error {
  readonly code: ProbeError;
  constructor(code: ProbeError, reason: string) {
    super(reason);
    this.code = code;
  }
}

const KNOWN_ERRORS: Partial<Record<string, [ProbeError, string]>> = {
  ECONNREFUSED: ['refused', 'The connection was refused.'],
  ECONNRESET: ['closed', 'The connection was reset before an answer.'],
  EPIPE: ['closed', 'The connection was closed before an answer.'],
  ETIMEDOUT: ['timeout', 'The connection timed out.'],
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
const TLS_ERROR_CODES = [
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO$)/,
  /^(CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|INVALID_CA|ERROR_IN_CERT)/,
];

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * The cause of a failed probe.
 * @throws the error itself if it is a problem of this host (no file descriptor, buffer or port left)
 */
export function classifyError(error: unknown): { error: ProbeError; reason: string } {
  if (error instanceof ProbeFailure) return { error: error.code, reason: error.message };
  const code = errorCode(error);
  const known = KNOWN_ERRORS[code];
  if (known) return { error: known[0], reason: known[1] };
  if (UNREACHABLE_CODES.has(code))
    return { error: 'unreachable', reason: `The address is unreachable (${code}).` };
  if (TLS_ERROR_CODES.some((pattern) => pattern.test(code)))
    return { error: 'tls', reason: `TLS failed (${code}).` };
  throw error;
}
