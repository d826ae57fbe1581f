import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestGateway, type ErrorBody, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** The document's own table. */
const table = [
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

function inXml(code: number, message: string) {
  return new RegExp(
    `^<\\?xml version="1\\.0" encoding="UTF-8"\\?>\\n<error>\\n  <code>${code}</code>\\n  <message>${message}</message>\\n` +
      '  <timestamp>\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z</timestamp>\\n  <request_id>[\\w.-]+</request_id>\\n</error>\\s*$',
  );
}

describe.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)('%s /errors', (method) => {
  test.each(table)('code=%i is that row of the table', async (code, message) => {
    const answer = await gateway.call(`/errors?code=${code}`, { method });
    expect([answer.status, answer.headers['content-type']]).toEqual([code, 'application/xml; charset=utf-8']);
    expect(answer.body).toMatch(inXml(code, message));
  });
});

test.each(table)('X-Code: %i is that row, in JSON where Accept asks for it', async (code, message) => {
  const headers = { 'x-code': String(code), accept: 'application/json' };
  const answer = await gateway.call<ErrorBody>('/errors', { headers });
  expect(answer.status).toBe(code);
  expect(answer.json.error).toMatchObject({ code, message });
});

test.each(['', '?code=', '?code=418', '?code=200', '?code=abc', '?code=404&code=500', '?code=<script>'])(
  '/errors%s is no row: 404, or 400',
  async (query) => {
    const answer = await gateway.call(`/errors${query}`);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('<script>');
  },
);

test('429 and 503 say when to try again', async () => {
  for (const code of [429, 503])
    expect((await gateway.call(`/errors?code=${code}`)).headers['retry-after']).toBe('5');
});

test('a body that nobody reads is in nobody’s way', async () => {
  const answer = await gateway.call('/errors?code=502', {
    method: 'POST',
    headers: { 'content-type': 'application/x-unknown' },
    body: 'x'.repeat(100_000),
  });
  expect(answer.status).toBe(502);
});

test('what no route matches is answered as the document shows it', async () => {
  const answer = await gateway.call('/no/such/path');
  expect(answer.status).toBe(404);
  expect(answer.body).toMatch(inXml(404, 'Resource not found'));
});
