import { z } from 'zod';

function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number(message).int(message).min(min, message).max(max, message);
}

/** Query parameters of GET /qrcode/:data. */
export const QrQuery = z.strictObject({
  size: wholeNumber(33, 1024).default(200).meta({ description: 'Width and height of the image in pixels' }),
  format: z.enum(['png', 'svg'], 'must be png or svg').default('png'),
  margin: wholeNumber(0, 32)
    .default(4)
    .meta({ description: 'Minimum white margin on each side, in modules' }),
  error_correction: z
    .enum(['L', 'M', 'Q', 'H'], 'must be L, M, Q or H')
    .default('M')
    .meta({ description: 'Share of the code that may be unreadable: 7, 15, 25 or 30 %' }),
});
export type QrQuery = z.output<typeof QrQuery>;
