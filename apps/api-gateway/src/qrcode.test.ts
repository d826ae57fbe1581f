import { setTimeout as pause } from 'node:timers/promises';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function ask(path: string) {
  return gateway.app.inject({ url: `/qrcode/${path}`, headers: { authorization: gateway.ours.member } });
}

test("the document's example is a PNG of 300 pixels that says what it was given", async () => {
  const path = 'otpauth%3A%2F%2Ftotp%2FPlatform%3Auser%40example.com%3Fsecret%3DJBSWY3DPEHPK3PXP';
  const answer = await ask(`${path}?size=300&format=png`);
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'image/png']);
  const { width, height, data } = PNG.sync.read(answer.rawPayload);
  expect([width, height]).toEqual([300, 300]);
  expect(jsQR(new Uint8ClampedArray(data), width, height)?.data).toBe(decodeURIComponent(path));
});

test('an SVG is one', async () => {
  const answer = await ask('hello?format=svg');
  expect(answer.headers['content-type']).toBe('image/svg+xml');
  expect(answer.body).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="200" height="200"/);
});

test.each([
  ['size=32', 400, 'size'],
  ['size=1025', 400, 'size'],
  ['size=20.5', 400, 'size'],
  ['size=', 400, 'size'],
  ['margin=-1', 400, 'margin'],
  ['margin=33', 400, 'margin'],
  ['format=gif', 400, 'format'],
  ['error_correction=X', 400, 'error_correction'],
  ['color=red', 400, 'color'],
  ['size=33&error_correction=H&margin=32', 400, 'size'],
])('%s is %i and names %s', async (query, status, field) => {
  const answer = await ask(`some-longer-text-to-draw?${query}`);
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toContain('application/xml');
  expect(answer.body).toContain(field);
});

test.each([
  ['4,000 letters', 'x'.repeat(4_000)],
  ['12,000 digits', '9'.repeat(12_000)],
  ['4,000 bytes, all percent-encoded', '%C3%A9'.repeat(2_000)],
])('%s are more than a code holds: 413', async (_what, path) => {
  expect((await ask(`${path}?error_correction=L&size=1024`)).statusCode).toBe(413);
});

test.each([
  ['as many bytes as a code holds, all percent-encoded', '%C3%A9'.repeat(1_476)],
  ['4,000 capitals', 'A'.repeat(4_000)],
])('%s are drawn', async (_what, path) => {
  expect((await ask(`${path}?error_correction=L&size=1024`)).statusCode).toBe(200);
});

test.each(['', '?size=300', '%', '%FF'])('/qrcode/%s is no 500', async (path) => {
  expect((await ask(path)).statusCode).toBeLessThan(500);
});

test('drawing the largest codes holds up nobody else', async () => {
  await ask('warm');
  const codes = Promise.all(
    Array.from({ length: 8 }, () => ask(`${'x'.repeat(2_900)}?error_correction=L&size=1024`)),
  );
  let turns = 0;
  let done = false;
  void codes.finally(() => (done = true));
  while (!done) {
    await pause(1);
    turns += 1;
  }
  expect((await codes).map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200));
  // Drawn in this thread, the event loop would turn a few times for each code.
  expect(turns).toBeGreaterThan(60);
});
