import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';
import { draw } from './draw.ts';
import { QrQuery } from './qr-query.ts';

const query = (given: Partial<QrQuery> = {}): QrQuery => ({ ...QrQuery.parse({}), ...given });

function drawImage(data: string, given: Partial<QrQuery> = {}) {
  const drawing = draw(data, query(given));
  if (drawing.kind !== 'drawn') throw new Error(JSON.stringify(drawing));
  return drawing;
}

function pixelsOf(image: Uint8Array) {
  const { width, height, data } = PNG.sync.read(Buffer.from(image));
  return { width, height, data: new Uint8ClampedArray(data) };
}

/** The text that a scanner reads. */
function scan(data: string, given: Partial<QrQuery> = {}): string | undefined {
  const { width, height, data: pixels } = pixelsOf(drawImage(data, given).image);
  return jsQR(pixels, width, height)?.data;
}

const URI = 'otpauth://totp/Platform:user@example.com?secret=JBSWY3DPEHPK3PXP';

describe('a scanner reads the data drawn', () => {
  test.each([
    'a',
    '0123456789',
    'ABC-123 $%',
    URI,
    'Grüße, 世界 👋',
    ' ',
    '<svg onload="x">',
    'x'.repeat(600),
  ])('%s', (data) => expect(scan(data, { size: 1024 })).toBe(data));
  test.each(['L', 'M', 'Q', 'H'] as const)('at level %s', (error_correction) =>
    expect(scan(URI, { size: 400, error_correction })).toBe(URI),
  );
});

describe('an image has exactly the requested size', () => {
  test.each([53, 54, 61, 100, 199, 200, 300, 301, 777, 1024])('%i pixels', (size) => {
    const { width, height } = pixelsOf(drawImage(URI, { size }).image);
    expect([width, height]).toEqual([size, size]);
    const svg = new TextDecoder().decode(drawImage(URI, { size, format: 'svg' }).image);
    expect(svg).toContain(`width="${size}" height="${size}" viewBox="0 0 ${size} ${size}"`);
  });
});

test.each([0, 1, 4, 32])('a margin of %i modules is white, and the code starts after it', (margin) => {
  // Version 1 has 21 modules; each takes 10 pixels.
  const size = (21 + 2 * margin) * 10;
  const { width, data } = pixelsOf(drawImage('1', { size, margin }).image);
  const isDark = (x: number, y: number) => data[(y * width + x) * 4] === 0;
  const edge = margin * 10;
  expect(isDark(edge, edge)).toBe(true);
  const white = Array.from({ length: edge }, (_, at) => [
    isDark(at, size / 2),
    isDark(size / 2, at),
    isDark(size - 1 - at, at),
  ]);
  expect(white.flat()).not.toContain(true);
});

test('PNG and SVG contain the same modules', () => {
  const { width, data } = pixelsOf(drawImage(URI, { size: 99, margin: 2 }).image);
  const svg = new TextDecoder().decode(drawImage(URI, { size: 99, margin: 2, format: 'svg' }).image);
  const fromSvg = new Set<string>();
  for (const [, x, y, w, h] of svg.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)h-\d+z/g))
    for (let i = 0; i < Number(w); i += 1)
      for (let j = 0; j < Number(h); j += 1) fromSvg.add(`${Number(x) + i},${Number(y) + j}`);
  const fromPng = new Set<string>();
  for (let x = 0; x < width; x += 1)
    for (let y = 0; y < width; y += 1) if (data[(y * width + x) * 4] === 0) fromPng.add(`${x},${y}`);
  expect(fromSvg).toEqual(fromPng);
});

test.each([
  ['digits', '9', 7089],
  ['capital letters', 'A', 4296],
  ['bytes', 'a', 2953],
  ['two bytes each', 'é', 1476],
])('draw fits the capacity of the standard for %s, and no more', (_name, character, capacity) => {
  const large = { size: 1024, error_correction: 'L' as const };
  expect(draw(character.repeat(capacity), query(large)).kind).toBe('drawn');
  expect(draw(character.repeat(capacity + 1), query(large))).toEqual({ kind: 'too long' });
});

test('draw returns the smallest size that fits if size is too small', () => {
  expect(draw(URI, query({ size: 33 }))).toEqual({ kind: 'too small', minPixels: 41 });
  expect(draw(URI, query({ size: 41 })).kind).toBe('drawn');
  expect(draw('1', query({ size: 33, margin: 6 })).kind).toBe('drawn');
  expect(draw('1', query({ size: 33, margin: 7 }))).toEqual({ kind: 'too small', minPixels: 35 });
});
