import { Failure, fieldFailure } from '@oriontel/contracts';
import { Piscina } from 'piscina';
import type { Drawing } from './draw.ts';
import type { QrQuery } from './qr-query.ts';

export interface QrImage {
  contentType: string;
  image: Uint8Array;
}

export interface QrDrawer {
  /** @throws Failure bad_request (`size` too small), too_large (`data` too long), unavailable (overloaded) */
  draw: (data: string, query: QrQuery) => Promise<QrImage>;
  close: () => Promise<void>;
}

const DRAW_TIMEOUT_MS = 10_000;
const MAX_WAITING_DRAWINGS = 100;
const MAX_THREADS = 2;
const THREAD_IDLE_TIMEOUT_MS = 30_000;

/** Draws QR codes in worker threads, to keep the event loop free. `file` is the bundled draw.main.ts. */
export function createQrDrawer(file: string): QrDrawer {
  const pool = new Piscina({
    filename: file,
    minThreads: 0,
    maxThreads: MAX_THREADS,
    maxQueue: MAX_WAITING_DRAWINGS,
    idleTimeout: THREAD_IDLE_TIMEOUT_MS,
  });
  return {
    async draw(data, query) {
      const options = { signal: AbortSignal.timeout(DRAW_TIMEOUT_MS) };
      const drawing = await pool.run({ data, query }, options).then(
        (result) => result as Drawing,
        (cause: unknown) => {
          throw new Failure('unavailable', 'Too many concurrent QR codes: try again later.', {
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
      'data exceeds the capacity of a QR code at this error_correction: shorten it.',
    );
  }
  throw fieldFailure('size', `must be at least ${drawing.minPixels} for this data and margin`);
}
