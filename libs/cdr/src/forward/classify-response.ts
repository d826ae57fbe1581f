import { classifyConnectionError, type PostResponse } from '@oriontel/outbound';

/** The result of one attempt to send a batch. */
export type AttemptResult =
  | { outcome: 'delivered'; reference: string | null }
  /** The same request would be refused again. */
  | { outcome: 'refused'; reason: string }
  /** `retryAfterSeconds`: requested by the receiver; 0 without a request. */
  | { outcome: 'failed'; reason: string; retryAfterSeconds: number };

/** Temporary among 4xx: Request Timeout, Too Early (RFC 8470), Too Many Requests. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

export function classifyResponse({ status, retryAfterSeconds, text }: PostResponse): AttemptResult {
  if (status >= 200 && status < 300) return { outcome: 'delivered', reference: parseReference(text) };
  const reason = `HTTP ${status}${quoteBody(text)}`;
  if (status >= 400 && status < 500 && !RETRYABLE_STATUSES.has(status)) return { outcome: 'refused', reason };
  return { outcome: 'failed', reason, retryAfterSeconds };
}

/** Managers read the reason too, so it does not contain the receiver's address. */
export function classifyError(thrown: unknown): AttemptResult & { outcome: 'failed' } {
  const { error, code } = classifyConnectionError(thrown);
  const reason = error === 'timeout' ? 'no complete response in time' : `connection failed (${code})`;
  return { outcome: 'failed', reason, retryAfterSeconds: 0 };
}

const REFERENCE = /^[^\p{C}]{1,128}$/u;

/** The receiver's own reference; null if the body has none. */
function parseReference(text: string): string | null {
  if (!text) return null;
  try {
    const { reference, sgapi_reference } = JSON.parse(text) as Record<string, unknown>;
    const found = [reference, sgapi_reference].find((value) => typeof value === 'string');
    return typeof found === 'string' && REFERENCE.test(found) ? found : null;
  } catch {
    // The status alone means that the batch was delivered.
    return null;
  }
}

/** Characters of an error's body that are kept. */
const MAX_QUOTED_CHARS = 200;

function quoteBody(text: string): string {
  const words = text
    .slice(0, 4 * MAX_QUOTED_CHARS)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
  return words && `: ${[...words].slice(0, MAX_QUOTED_CHARS).join('')}`;
}
