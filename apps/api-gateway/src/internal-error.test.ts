import { buildBatch } from '@oriontel/cdr/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type ErrorBody, type TestGateway } from './testing.ts';

/** The 500 of the document's error table: a database that is there and is not as it must be. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.db.$executeRaw`ALTER TABLE intake RENAME TO intake_elsewhere`;
});
afterAll(() => gateway.close());

function send(accept?: string) {
  return gateway.call<ErrorBody>('/cdr/batch001', {
    as: gateway.ours.byKey,
    headers: accept ? { accept } : {},
    body: buildBatch(1),
  });
}

test('what nobody foresaw is a 500 in XML that tells no internals', async () => {
  const { status, headers, body } = await send();
  expect(status).toBe(500);
  expect(headers['content-type']).toMatch(/^application\/xml/);
  expect(body).toContain('<code>500</code>');
  expect(body).toContain('<message>Internal Server Error</message>');
  expect(body).not.toMatch(/intake|relation|SQL|prisma|\.ts/i);
});

test('and in JSON when asked', async () => {
  const { status, json, body } = await send('application/json');
  expect(status).toBe(500);
  expect(json.error).toMatchObject({ code: 500, message: 'Internal Server Error' });
  expect(body).not.toMatch(/intake|relation|SQL|prisma|\.ts/i);
});
