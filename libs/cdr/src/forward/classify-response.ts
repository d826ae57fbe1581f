import type { SgapiResponse } from './create-sgapi-client.ts';

/** What becomes of a batch after a try. */
export type AttemptResult =
  | { outcome: 'delivered'; reference: string | null }
  /** The same again would be answered the same. */
  | { outcome: 'refused'; reason: string }
  /** `retryAfter`: seconds that the receiver asked for; 0 where it did not. */
  | { outcome: 'failed'; reason: string; retryAfter: number };

/** Of a 4xx, those that pass: Request Timeout, Too Early (RFC 8470), Too Many Requests. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

export function classifyResponse({ status, retryAfter, text }: SgapiResponse, now: Date): AttemptResult {
  if (status >= 200 && status < 300) return { outcome: 'delivered', reference: referenceIn(text) };
  const reason = `answered ${status}${quoteBody(text)}`;
  if (status >= 400 && status < 500 && !RETRYABLE_STATUSES.has(status)) return { outcome: 'refused', reason };
  return { outcome: 'failed', reason, retryAfter: retryAfterSeconds(retryAfter, now) };
}

/** Why there was no answer, without the address: managers read it too. */
export function classifyError(error: unknown): AttemptResult & { outcome: 'failed' } {
  const { name, code } = error as { name?: string; code?: string | number };
  const reason =
    name === 'TimeoutError' ? 'no whole answer in time' : `connection failed (${code ?? name ?? 'unknown'})`;
  return { outcome: 'failed', reason, retryAfter: 0 };
}

const REFERENCE = /^[^\p{C}]{1,128}$/u;

function referenceIn(text: string | null): string | null {
  if (!text) return null;
  try {
    const { reference, sgapi_reference } = JSON.parse(text) as Record<string, unknown>;
    const found = [reference, sgapi_reference].find((value) => typeof value === 'string');
    return typeof found === 'string' && REFERENCE.test(found) ? found : null;
  } catch {
    // It took the batch; that it says no more is its own affair.
    return null;
  }
}

/** Characters of an error's body that are kept. */
const MAX_QUOTED_CHARS = 200;

function quoteBody(text: string | null): string {
  const words = (text ?? '')
    .slice(0, 4 * MAX_QUOTED_CHARS)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
  return words && `: ${[...words].slice(0, MAX_QUOTED_CHARS).join('')}`;
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterSeconds(retryAfter: string | undefined, now: Date): number {
  if (!retryAfter) return 0;
  const seconds = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - now.getTime()) / 1000;
  return Math.max(0, seconds || 0);
}
