import { expect, test } from 'vitest';
import { classifyResponse, classifyError } from './classify-response.ts';

function classify(status: number, text = '', retryAfterSeconds = 0) {
  return classifyResponse({ status, text, retryAfterSeconds });
}

test.each([
  ['{"reference":"r-1"}', 'r-1'],
  ['{"sgapi_reference":"s-1"}', 's-1'],
  ['{"reference":"r-1","sgapi_reference":"s-1"}', 'r-1'],
  ['{"reference":7,"sgapi_reference":"s-1"}', 's-1'],
  [`{"reference":"${'x'.repeat(128)}"}`, 'x'.repeat(128)],
  [`{"reference":"${'x'.repeat(129)}"}`, null],
  ['{"reference":""}', null],
  ['{"reference":"a\\u0000b"}', null],
  ['{"reference":"a\\nb"}', null],
  ['{"reference":"\\ud800"}', null],
  ['{"reference":', null],
  ['null', null],
  ['"text"', null],
  ['', null],
])('classifyResponse of 2xx with %j is delivered with reference %j', (text, reference) => {
  for (const status of [200, 201, 202, 204])
    expect(classify(status, text)).toEqual({ outcome: 'delivered', reference });
});

test.each([400, 401, 403, 404, 409, 410, 413, 422])('classifyResponse of %i is refused', (status) => {
  expect(classify(status)).toEqual({ outcome: 'refused', reason: `HTTP ${status}` });
});

test.each([408, 425, 429, 101, 301, 307, 500, 502, 503, 504])(
  'classifyResponse of %i is failed, to be retried when the receiver asks for it',
  (status) => {
    expect(classify(status, '', 120)).toEqual({
      outcome: 'failed',
      reason: `HTTP ${status}`,
      retryAfterSeconds: 120,
    });
  },
);

test('classifyResponse quotes an error body on one short line that can be stored', () => {
  const { reason } = classify(422, `unknown\r\n\ttrunk\0 \ud800${'é'.repeat(500)}`) as { reason: string };
  expect(reason).toBe(`HTTP 422: unknown trunk ${'é'.repeat(186)}`);
});

test('classifyError names the code of a failed connection without its address', () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:443'), { code: 'ECONNREFUSED' });
  expect(classifyError(error).reason).toBe('connection failed (ECONNREFUSED)');
  const timeout = Object.assign(new Error('no response'), { code: 'ENORESPONSE' });
  expect(classifyError(timeout).reason).toBe('no complete response in time');
});
