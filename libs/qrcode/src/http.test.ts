import { setTimeout as pause } from 'node:timers/promises';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestQrcode, type TestQrcode } from './testing.ts';

let qrcode: TestQrcode;
beforeAll(async () => {
  qrcode = await createTestQrcode();
});
afterAll(() => qrcode.close());

function get(path: string) {
  return qrcode.app.inject({ url: `/qrcode/${path}`, headers: { authorization: qrcode.ours.member } });
}

test('the example of the platform document is a PNG of 300 pixels that contains the data', async () => {
  const path = 'otpauth%3A%2F%2Ftotp%2FPlatform%3Auser%40example.com%3Fsecret%3DJBSWY3DPEHPK3PXP';
  const response = await get(`${path}?size=300&format=png`);
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'image/png']);
  const { width, height, data } = PNG.sync.read(response.rawPayload);
  expect([width, height]).toEqual([300, 300]);
  expect(jsQR(new Uint8ClampedArray(data), width, height)?.data).toBe(decodeURIComponent(path));
});

test('format=svg returns an SVG image', async () => {
  const response = await get('hello?format=svg');
  expect(response.headers['content-type']).toBe('image/svg+xml');
  expect(response.body).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="200" height="200"/);
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
  const response = await get(`some-longer-text-to-draw?${query}`);
  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toContain('application/xml');
  expect(response.body).toContain(field);
});

test.each([
  ['4,000 letters', 'x'.repeat(4_000)],
  ['12,000 digits', '9'.repeat(12_000)],
  ['4,000 bytes, all percent-encoded', '%C3%A9'.repeat(2_000)],
])('%s exceed the capacity: 413', async (_name, path) => {
  expect((await get(`${path}?error_correction=L&size=1024`)).statusCode).toBe(413);
});

test.each([
  ['the maximum number of bytes, all percent-encoded', '%C3%A9'.repeat(1_476)],
  ['4,000 capital letters', 'A'.repeat(4_000)],
])('%s are drawn', async (_name, path) => {
  expect((await get(`${path}?error_correction=L&size=1024`)).statusCode).toBe(200);
});

test.each(['', '?size=300', '%', '%FF'])('/qrcode/%s is not 500', async (path) => {
  expect((await get(path)).statusCode).toBeLessThan(500);
});

test('drawing the largest codes does not block the event loop', async () => {
  await get('warm');
  const codes = Promise.all(
    Array.from({ length: 8 }, () => get(`${'x'.repeat(2_900)}?error_correction=L&size=1024`)),
  );
  let turns = 0;
  let done = false;
  void codes.finally(() => (done = true));
  while (!done) {
    await pause(1);
    turns += 1;
  }
  expect((await codes).map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200));
  // Drawn in this thread, the event loop would turn only a few times per code.
  expect(turns).toBeGreaterThan(60);
});
