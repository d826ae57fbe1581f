import type { Outcome } from './client-transaction.ts';
import { classifyError } from './classify-error.ts';
import type { ProbeResult } from './prober.ts';

export type Classification = Omit<ProbeResult, 'at'>;

const MAX_REASON_LENGTH = 100;

/** The classification of a probe that sent nothing, for example because the name was not found. */
export function classifyUnsent(error: ProbeResult['error'], reason: string): Classification {
  return {
    status: 'down',
    latencyMs: null,
    sent: 0,
    lossPercent: null,
    sipCode: null,
    error,
    reason,
  };
}

function classifyCode(
  code: number,
  okCodes?: readonly number[] | null,
): Pick<Classification, 'status' | 'error'> {
  if (okCodes?.includes(code)) return { status: 'up', error: null };
  if (code === 408) return { status: 'down', error: 'request_timeout' };
  if (code === 503) return { status: 'degraded', error: 'unavailable' };
  return okCodes?.length ? { status: 'degraded', error: 'unexpected_code' } : { status: 'up', error: null };
}

const roundToMicroseconds = (milliseconds: number): number => Math.round(milliseconds * 1_000) / 1_000;

const TIMEOUT_REASONS = {
  nothing: 'No answer',
  provisional: 'No final answer after a provisional one',
  name: 'The name was not found',
  connection: 'No connection',
};

/**
 * The status of a gateway after an outcome. Without `okCodes` any response means up (RFC 3261, 11.2: even 404
 * or 405) but 503, which means degraded (it takes no calls), and 408, which means down (a proxy on the path
 * timed out). With `okCodes` only those mean up, 408 and 503 keep their meaning, and any other code means
 * degraded.
 * @throws the error of an outcome that is a problem of this host
 */
export function classifyOutcome(
  outcome: Outcome,
  timeoutMs: number,
  okCodes?: readonly number[] | null,
): Classification {
  const { sent } = outcome;
  const base = { ...classifyUnsent(null, ''), sent, lossPercent: sent ? 100 : null };
  if (outcome.kind === 'failed') return { ...base, ...classifyError(outcome.error) };
  if (outcome.kind === 'timeout')
    return {
      ...base,
      error: outcome.after === 'name' ? 'dns' : 'timeout',
      reason: `${TIMEOUT_REASONS[outcome.after]} within ${timeoutMs} ms.`,
    };
  const { code, reason, latencyMs, lost } = outcome;
  return {
    ...base,
    ...classifyCode(code, okCodes),
    latencyMs: roundToMicroseconds(latencyMs),
    lossPercent: roundToMicroseconds((100 * lost) / sent),
    sipCode: code,
    reason: `Answered ${`${code} ${reason}`.trim().slice(0, MAX_REASON_LENGTH)}.`,
  };
}
