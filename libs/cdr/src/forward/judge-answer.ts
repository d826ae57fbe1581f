import type { Answer } from './open-post.ts';

/** What becomes of a batch after a try. */
export type Verdict =
  | { fate: 'arrived'; reference: string | null }
  /** The same again would be answered the same. */
  | { fate: 'refused'; reason: string }
  /** `retryAfter`: seconds that the receiver asked for; 0 where it did not. */
  | { fate: 'failed'; reason: string; retryAfter: number };

/** Of a 4xx, those that pass: Request Timeout, Too Early (RFC 8470), Too Many Requests. */
const PASSING = new Set([408, 425, 429]);

export const judgeAnswer = ({ status, retryAfter, text }: Answer, now: Date): Verdict => {
  if (status >= 200 && status < 300) return { fate: 'arrived', reference: referenceIn(text) };
  const reason = `answered ${status}${quoted(text)}`;
  if (status >= 400 && status < 500 && !PASSING.has(status)) return { fate: 'refused', reason };
  return { fate: 'failed', reason, retryAfter: secondsOf(retryAfter, now) };
};

/** Why there was no answer, without the address: managers read it too. */
export const judgeError = (error: unknown): Verdict & { fate: 'failed' } => {
  const { name, code } = error as { name?: string; code?: string | number };
  const reason =
    name === 'TimeoutError' ? 'no whole answer in time' : `connection failed (${code ?? name ?? 'unknown'})`;
  return { fate: 'failed', reason, retryAfter: 0 };
};

const REFERENCE = /^[^\p{C}]{1,128}$/u;

const referenceIn = (text: string | null): string | null => {
  if (!text) return null;
  try {
    const { reference, sgapi_reference } = JSON.parse(text) as Record<string, unknown>;
    const found = [reference, sgapi_reference].find((value) => typeof value === 'string');
    return typeof found === 'string' && REFERENCE.test(found) ? found : null;
  } catch {
    // It took the batch; that it says no more is its own affair.
    return null;
  }
};

/** Characters of an error's body that are kept. */
const QUOTED = 200;

const quoted = (text: string | null): string => {
  const words = (text ?? '')
    .slice(0, 4 * QUOTED)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim();
  return words && `: ${[...words].slice(0, QUOTED).join('')}`;
};

/** RFC 9110, 10.2.3: seconds or a date. */
const secondsOf = (retryAfter: string | undefined, now: Date): number => {
  if (!retryAfter) return 0;
  const seconds = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - now.getTime()) / 1000;
  return Math.max(0, seconds || 0);
};
