import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const PREFIX = 'whsec_';
const MUST = 'must be whsec_ and 24 to 64 bytes in base64';

const isSecret = (secret: string): boolean => {
  const base64 = secret.slice(PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  return (
    secret.startsWith(PREFIX) &&
    bytes.length >= 24 &&
    bytes.length <= 64 &&
    bytes.toString('base64') === base64
  );
};

/** As Standard Webhooks has it. */
export const WebhookSecret = z
  .string(MUST)
  .max(200, MUST)
  .refine(isSecret, MUST)
  .meta({ description: 'whsec_ and 24 to 64 bytes in base64; made here where there is none' });

export const mintSecret = (): string => `${PREFIX}${randomBytes(32).toString('base64')}`;
