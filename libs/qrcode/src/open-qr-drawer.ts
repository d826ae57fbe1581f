import { Failure, refuseField } from '@oriontel/contracts';
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
const GIVE_UP = 10_000;
const MOST_WAITING = 100;

/** Draws in threads of its own, so that no other request waits for it. `file` is the built draw.main.ts. */
export const openQrDrawer = (file: string): QrDrawer => {
  const pool = new Piscina({
    filename: file,
    minThreads: 0,
    maxThreads: 2,
    maxQueue: MOST_WAITING,
    idleTimeout: 30_000,
  });
  return {
    draw: async (data, query) => {
      const options = { signal: AbortSignal.timeout(GIVE_UP) };
      const drawing = await pool.run({ data, query }, options).then(
        (result) => result as Drawing,
        (cause: unknown) => {
          throw new Failure('unavailable', 'Too many QR codes at once: try again in a moment.', {
            cause,
            retryAfter: 1,
          });
        },
      );
      return imageOf(drawing);
    },
    close: () => pool.destroy(),
  };
};

const imageOf = (drawing: Drawing): QrImage => {
  if (drawing.kind === 'drawn') return drawing;
  if (drawing.kind === 'too long') {
    throw new Failure(
      'too_large',
      'data is longer than a QR code holds at this error_correction: shorten it.',
    );
  }
  throw refuseField('size', `must be at least ${drawing.atLeast} for this data and margin`);
};
