import { Failure, fieldFailure } from '@oriontel/contracts';
import { Piscina } from 'piscina';
import type { Drawing } from './draw.ts';
import type { QrQuery } from './qr-query.ts';

export interface QrImage {
  contentType: string;
  image: Uint8Array;
}

export interface QrDrawer {
  /** @throws Failure bad_request, too_large, unavailable */
  draw: (data: string, query: QrQuery) => Promise<QrImage>;
  close: () => Promise<void>;
}

/** Milliseconds; drawings that wait at once. */
const DRAW_TIMEOUT_MS = 10_000;
const MAX_WAITING_DRAWINGS = 100;

/** Draws in threads of its own, so that no other request waits for it. `file` is the built draw.main.ts. */
export function createQrDrawer(file: string): QrDrawer {
  const pool = new Piscina({
    filename: file,
    minThreads: 0,
    maxThreads: 2,
    maxQueue: MAX_WAITING_DRAWINGS,
    idleTimeout: 30_000,
  });
  return {
    async draw(data, query) {
      const options = { signal: AbortSignal.timeout(DRAW_TIMEOUT_MS) };
      const drawing = await pool.run({ data, query }, options).then(
        (result) => result as Drawing,
        (cause: unknown) => {
          throw new Failure('unavailable', 'Too many QR codes at once: try again in a moment.', {
            cause,
            retryAfter: 1,
          });
        },
      );
      return toImage(drawing);
    },
    close: () => pool.destroy(),
  };
}

function toImage(drawing: Drawing): QrImage {
  if (drawing.kind === 'drawn') return drawing;
  if (drawing.kind === 'too long') {
    throw new Failure(
      'too_large',
      'data is longer than a QR code holds at this error_correction: shorten it.',
    );
  }
  throw fieldFailure('size', `must be at least ${drawing.minPixels} for this data and margin`);
}
