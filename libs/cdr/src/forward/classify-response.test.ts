import { expect, test } from 'vitest';
import { classifyResponse, classifyError } from './classify-response.ts';

const now = new Date('2024-01-15T10:30:00Z');
function judge(status: number, text: string | null = '', retryAfter?: string) {
  return classifyResponse({ status, text, retryAfter }, now);
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
  [null, null],
])('2xx with %j arrived, and its reference is %j', (text, reference) => {
  for (const status of [200, 201, 202, 204])
    expect(judge(status, text)).toEqual({ outcome: 'delivered', reference });
});

test.each([400, 401, 403, 404, 409, 410, 413, 422])(
  '%i is refused: the same again would be, too',
  (status) => {
    expect(judge(status)).toEqual({ outcome: 'refused', reason: `answered ${status}` });
  },
);

test.each([408, 425, 429, 301, 307, 500, 502, 503, 504])('%i passes', (status) => {
  expect(judge(status)).toEqual({ outcome: 'failed', reason: `answered ${status}`, retryAfter: 0 });
});

test.each([
  ['120', 120],
  ['Mon, 15 Jan 2024 10:31:00 GMT', 60],
  ['Mon, 15 Jan 2024 10:29:00 GMT', 0],
  ['-5', 0],
  ['soon', 0],
  ['', 0],
])('Retry-After: %s is %i seconds', (retryAfter, seconds) => {
  expect(judge(503, '', retryAfter)).toMatchObject({ retryAfter: seconds });
});

test('what an error says is quoted in one short line that can be stored', () => {
  const { reason } = judge(422, `unknown\r\n\ttrunk\0 \ud800${'é'.repeat(500)}`) as { reason: string };
  expect(reason).toBe(`answered 422: unknown trunk ${'é'.repeat(186)}`);
});

test('a failed connection is told without its address', () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:443'), { code: 'ECONNREFUSED' });
  expect(classifyError(error).reason).toBe('connection failed (ECONNREFUSED)');
});
