import { z } from 'zod';

function wholeNumber(min: number, max: number) {
  const must = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(must).int(must).min(min, must).max(max, must);
}

/** How a QR code is drawn. */
export const QrQuery = z.strictObject({
  size: wholeNumber(33, 1024).default(200).meta({ description: 'Pixels of each side, exactly' }),
  format: z.enum(['png', 'svg'], 'must be png or svg').default('png'),
  margin: wholeNumber(0, 32).default(4).meta({ description: 'Modules of white on each side, at least' }),
  error_correction: z
    .enum(['L', 'M', 'Q', 'H'], 'must be L, M, Q or H')
    .default('M')
    .meta({ description: 'How much may be dirty: 7, 15, 25 or 30 %' }),
});
export type QrQuery = z.output<typeof QrQuery>;
