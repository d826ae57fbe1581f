import { describe, expect, it } from 'vitest';
import type { Outcome } from './client-transaction.ts';
import { ProbeFailure } from './classify-error.ts';
import { classifyOutcome } from './classify-outcome.ts';

function answered(code: number, more: Partial<Extract<Outcome, { kind: 'answered' }>> = {}): Outcome {
  return {
    kind: 'answered',
    code,
    reason: 'Words',
    latencyMs: 12.34567,
    sent: 1,
    lost: 0,
    ...more,
  };
}
function failed(code: string): Outcome {
  return {
    kind: 'failed',
    error: Object.assign(new Error(code), { code }),
    sent: 0,
  };
}

describe('classifyOutcome', () => {
  it.each([
    [200, 'up', null],
    [302, 'up', null],
    [404, 'up', null],
    [405, 'up', null],
    [408, 'down', 'request_timeout'],
    [483, 'up', null],
    [500, 'up', null],
    [503, 'degraded', 'unavailable'],
    [603, 'up', null],
  ])('without okCodes maps %i to %s', (code, status, error) => {
    expect(classifyOutcome(answered(code), 5_000)).toMatchObject({ status, error, sipCode: code });
    expect(classifyOutcome(answered(code), 5_000, [])).toMatchObject({ status, error });
    expect(classifyOutcome(answered(code), 5_000, null)).toMatchObject({ status, error });
  });

  it.each([
    [200, 'up', null],
    [404, 'up', null],
    [202, 'degraded', 'unexpected_code'],
    [405, 'degraded', 'unexpected_code'],
    [408, 'down', 'request_timeout'],
    [503, 'degraded', 'unavailable'],
  ])('with okCodes 200 and 404 maps %i to %s', (code, status, error) => {
    expect(classifyOutcome(answered(code), 5_000, [200, 404])).toMatchObject({ status, error });
  });

  it('accepts 503 and 408 as okCodes', () => {
    expect(classifyOutcome(answered(503), 5_000, [503]).status).toBe('up');
    expect(classifyOutcome(answered(408), 5_000, [408]).status).toBe('up');
  });

  it('returns the measurements', () => {
    expect(classifyOutcome(answered(200, { sent: 3, lost: 1 }), 5_000)).toEqual({
      status: 'up',
      latencyMs: 12.346,
      sent: 3,
      lossPercent: 33.333,
      sipCode: 200,
      error: null,
      reason: 'Answered 200 Words.',
    });
  });

  it('cuts a long reason phrase', () => {
    expect(classifyOutcome(answered(200, { reason: 'x'.repeat(8_000) }), 5_000).reason.length).toBeLessThan(
      120,
    );
  });

  it.each([
    ['nothing', 3, 'timeout', 100],
    ['provisional', 2, 'timeout', 100],
    ['connection', 0, 'timeout', null],
    ['name', 0, 'dns', null],
  ] as const)('maps a timeout after %s to down', (after, sent, error, lossPercent) => {
    const classification = classifyOutcome({ kind: 'timeout', after, sent }, 2_000);
    expect(classification).toMatchObject({
      status: 'down',
      error,
      sent,
      lossPercent,
      latencyMs: null,
      sipCode: null,
    });
    expect(classification.reason).toContain('2000 ms');
  });

  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'closed'],
    ['EPIPE', 'closed'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['EPROTO', 'tls'],
  ])('maps %s to down with the error %s', (code, error) => {
    expect(classifyOutcome(failed(code), 5_000)).toMatchObject({ status: 'down', error });
  });

  it('returns the code and the message of a ProbeFailure', () => {
    const error = new ProbeFailure('malformed', 'Rubbish.');
    expect(classifyOutcome({ kind: 'failed', error, sent: 1 }, 5_000)).toMatchObject({
      error: 'malformed',
      reason: 'Rubbish.',
      lossPercent: 100,
    });
  });

  it.each(['EMFILE', 'ENOBUFS', 'ENFILE', ''])('throws a problem of this host (%s)', (code) => {
    expect(() => classifyOutcome(failed(code), 5_000)).toThrow();
  });
});
