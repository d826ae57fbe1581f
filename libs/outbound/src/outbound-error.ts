/** Codes of the errors that this library raises itself; all others are Node's. */
export type OutboundErrorCode = 'EPRIVATE' | 'EDNS' | 'ETIMEDOUT' | 'ENORESPONSE' | 'ESTALECONNECTION';

export function outboundError(code: OutboundErrorCode, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

export function hasErrorCode(error: unknown, code: OutboundErrorCode): boolean {
  return (error as { code?: unknown }).code === code;
}
