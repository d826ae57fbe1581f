import { PNG } from 'pngjs';
import qrcode from 'qrcode';
import type { QrQuery } from './qr-query.ts';

export type Drawing =
  | { kind: 'drawn'; contentType: string; image: Uint8Array<ArrayBuffer> }
  | { kind: 'too long' }
  /** `minPixels` is the smallest `size` that fits. */
  | { kind: 'too small'; minPixels: number };

/**
 * Draws a QR code (ISO/IEC 18004) of exactly `size` pixels. All modules have the same size; the rest widens
 * the margin.
 */
export function draw(data: string, { size, format, margin, error_correction }: QrQuery): Drawing {
  const code = encodeQrCode(data, error_correction);
  if (!code) return { kind: 'too long' };
  const { size: modules, data: dark } = code.modules;
  const withMargin = modules + 2 * margin;
  const scale = Math.floor(size / withMargin);
  if (scale < 1) return { kind: 'too small', minPixels: withMargin };
  const start = Math.floor((size - modules * scale) / 2);
  const isDark = (x: number, y: number): boolean => dark[y * modules + x] === 1;
  return format === 'png'
    ? { kind: 'drawn', contentType: 'image/png', image: toPng({ size, modules, scale, start, isDark }) }
    : { kind: 'drawn', contentType: 'image/svg+xml', image: toSvg({ size, modules, scale, start, isDark }) };
}

function encodeQrCode(data: string, errorCorrectionLevel: QrQuery['error_correction']) {
  try {
    return qrcode.create(data, { errorCorrectionLevel });
  } catch (error) {
    if (/too big|amount of data/i.test((error as Error).message)) return null;
    throw error;
  }
}

interface Grid {
  size: number;
  modules: number;
  scale: number;
  start: number;
  isDark: (x: number, y: number) => boolean;
}

const WHITE = 255;

function toPng({ size, modules, scale, start, isDark }: Grid): Uint8Array<ArrayBuffer> {
  const pixels = Buffer.alloc(size * size, WHITE);
  for (let y = 0; y < modules; y += 1) {
    const row = (start + y * scale) * size;
    for (let x = 0; x < modules; x += 1)
      if (isDark(x, y)) pixels.fill(0, row + start + x * scale, row + start + (x + 1) * scale);
    for (let copy = 1; copy < scale; copy += 1) pixels.copyWithin(row + copy * size, row, row + size);
  }
  const png = new PNG({ width: size, height: size, colorType: 0, inputColorType: 0, inputHasAlpha: false });
  png.data = pixels;
  return new Uint8Array(PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false }));
}

function toSvg({ size, modules, scale, start, isDark }: Grid): Uint8Array<ArrayBuffer> {
  const path: string[] = [];
  for (let y = 0; y < modules; y += 1)
    for (let x = 0; x < modules; x += 1) {
      if (!isDark(x, y)) continue;
      const first = x;
      while (x + 1 < modules && isDark(x + 1, y)) x += 1;
      const width = (x - first + 1) * scale;
      path.push(`M${start + first * scale} ${start + y * scale}h${width}v${scale}h-${width}z`);
    }
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" ` +
    `viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path.join('')}"/></svg>`;
  return new TextEncoder().encode(svg);
}
