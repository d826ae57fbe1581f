import { Failure } from '@oriontel/contracts';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpServer } from './http-server.ts';
import type { Family } from './route-config.ts';
import { createTestServer } from './testing.ts';

let app: HttpServer;
let failure: Failure;

beforeAll(async () => {
  ({ app } = await createTestServer((routes) => {
    for (const family of ['platform', 'oriontel'] as const) {
      routes.get(`/${family}`, { config: { family, access: 'anyone' } }, () => {
        throw failure;
      });
    }
  }));
});
afterAll(() => app.close());

function requestError(family: Family, accept: string | undefined, error = new Failure('conflict', 'No.')) {
  failure = error;
  return app.inject({ method: 'GET', url: `/${family}`, headers: accept === undefined ? {} : { accept } });
}

const FAMILY_FORMAT = 'the format of its family';

describe.each([
  { accept: undefined, format: FAMILY_FORMAT },
  { accept: '*/*', format: FAMILY_FORMAT },
  { accept: 'text/html', format: FAMILY_FORMAT },
  { accept: 'text/html,application/xhtml+xml;q=0.9,image/webp', format: FAMILY_FORMAT },
  { accept: ';;;', format: FAMILY_FORMAT },
  { accept: 'application/*', format: FAMILY_FORMAT },
  { accept: 'application/json', format: 'json' },
  { accept: 'Application/JSON; charset=utf-8', format: 'json' },
  { accept: 'application/json, */*;q=0.1', format: 'json' },
  { accept: 'application/xml;q=0.5, application/json;q=0.9', format: 'json' },
  { accept: 'application/xml', format: 'xml' },
  { accept: 'text/xml', format: 'xml' },
  { accept: 'application/json;q=0.5, text/xml', format: 'xml' },
  { accept: 'application/json;q=0, */*', format: 'xml' },
])('Accept: $accept', ({ accept, format }) => {
  test.each(['platform', 'oriontel'] as const)(`an error of a %s route has ${format}`, async (family) => {
    const expected = format === FAMILY_FORMAT ? (family === 'platform' ? 'xml' : 'json') : format;
    const { headers, body, statusCode } = await requestError(family, accept);
    expect(statusCode).toBe(409);
    expect(headers['content-type']).toBe(`application/${expected}; charset=utf-8`);
    expect(body.startsWith(expected === 'xml' ? '<?xml version="1.0" encoding="UTF-8"?>' : '{"error":')).toBe(
      true,
    );
  });
});

test('a JSON error has message, code, request_id and, for invalid fields, details', async () => {
  const details = [{ field: 'records[0].caller', message: 'is required' }];
  const { headers, ...response } = await requestError(
    'oriontel',
    undefined,
    new Failure('bad_request', 'Bad.', { details }),
  );
  expect(response.json()).toEqual({
    error: { message: 'Bad.', code: 400, request_id: headers['x-request-id'], details },
  });
  expect((await requestError('oriontel', undefined)).json<{ error: object }>().error).not.toHaveProperty(
    'details',
  );
});

test('an XML error has the elements of the platform document in order, and details by field', async () => {
  const details = [{ field: 'records[0].caller', message: 'is required' }];
  const response = await requestError('platform', undefined, new Failure('bad_request', 'Bad.', { details }));
  const { error } = new XMLParser({ ignoreAttributes: false }).parse(response.body) as {
    error: Record<string, unknown>;
  };
  expect(Object.keys(error)).toEqual(['code', 'message', 'timestamp', 'request_id', 'details']);
  expect(error).toMatchObject({ code: 400, message: 'Bad.', request_id: response.headers['x-request-id'] });
  expect(error['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/);
  expect(error['details']).toEqual({ detail: { '#text': 'is required', '@_field': 'records[0].caller' } });
});

test('markup and control characters in a message are escaped in well-formed XML', async () => {
  const hostile = `</message><code>200</code>&amp;"'<!--\0\u0001\u000b\u001f\ufffe\ud800 ]]> ☎`;
  const details = [{ field: `"><evil a='`, message: hostile }];
  const { body } = await requestError(
    'platform',
    undefined,
    new Failure('bad_request', hostile, { details }),
  );
  expect(XMLValidator.validate(body)).toBe(true);
  // eslint-disable-next-line no-control-regex
  expect(body).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  const { error } = new XMLParser({ ignoreAttributes: false }).parse(body) as {
    error: { code: number; message: string; details: { detail: Record<string, string> } };
  };
  expect(error.code).toBe(400);
  expect(error.message).toBe(`</message><code>200</code>&amp;"'<!--\ufffd ]]> ☎`);
  expect(error.details.detail['@_field']).toBe(`"><evil a='`);
});
