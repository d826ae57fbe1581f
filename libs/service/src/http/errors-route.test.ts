import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApi, type ErrorBody } from '../testing.ts';
import { errorsRoute } from './errors-route.ts';

let api: Awaited<ReturnType<typeof createTestApi>>;
beforeAll(async () => {
  api = await createTestApi((app) => app.register(errorsRoute));
});
afterAll(() => api.app.close());

/** The error codes of the platform API document. */
const documentedCodes = [
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
] as const;

function xmlError(code: number, message: string): RegExp {
  return new RegExp(
    '^<\\?xml version="1\\.0" encoding="UTF-8"\\?>\\n<error>\\n' +
      `  <code>${code}</code>\\n  <message>${message}</message>\\n` +
      '  <timestamp>\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z</timestamp>\\n' +
      '  <request_id>[\\w.-]+</request_id>\\n</error>\\s*$',
  );
}

describe.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)('%s /errors', (method) => {
  test.each(documentedCodes)('with code=%i returns that error in XML', async (code, message) => {
    const response = await api.call(`/errors?code=${code}`, { method });
    expect([response.status, response.headers['content-type']]).toEqual([
      code,
      'application/xml; charset=utf-8',
    ]);
    expect(response.body).toMatch(xmlError(code, message));
  });
});

test.each(documentedCodes)('X-Code %i returns that error, in JSON if accepted', async (code, message) => {
  const headers = { 'x-code': String(code), accept: 'application/json' };
  const response = await api.call<ErrorBody>('/errors', { headers });
  expect(response.status).toBe(code);
  expect(response.json.error).toMatchObject({ code, message });
});

test.each(['', '?code=', '?code=418', '?code=200', '?code=abc', '?code=404&code=500', '?code=<script>'])(
  '/errors%s is 404 or 400',
  async (query) => {
    const response = await api.call(`/errors${query}`);
    expect([400, 404]).toContain(response.status);
    expect(response.body).not.toContain('<script>');
  },
);

test('429 and 503 have Retry-After', async () => {
  for (const code of [429, 503])
    expect((await api.call(`/errors?code=${code}`)).headers['retry-after']).toBe('5');
});

test('the body of the failed request is ignored', async () => {
  const response = await api.call('/errors?code=502', {
    method: 'POST',
    headers: { 'content-type': 'application/x-unknown' },
    body: 'x'.repeat(100_000),
  });
  expect(response.status).toBe(502);
});

test('an unmatched path returns the 404 of the platform document', async () => {
  const response = await api.call('/no/such/path');
  expect(response.status).toBe(404);
  expect(response.body).toMatch(xmlError(404, 'Resource not found'));
});
