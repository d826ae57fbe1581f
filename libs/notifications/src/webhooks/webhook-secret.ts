import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const SECRET_PREFIX = 'whsec_';
const SECRET_RULE = 'must be whsec_ and 24 to 64 bytes in base64';

function isSecret(secret: string): boolean {
  const base64 = secret.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  return (
    secret.startsWith(SECRET_PREFIX) &&
    bytes.length >= 24 &&
    bytes.length <= 64 &&
    bytes.toString('base64') === base64
  );
}

/** As Standard Webhooks has it. */
export const WebhookSecret = z
  .string(SECRET_RULE)
  .max(200, SECRET_RULE)
  .refine(isSecret, SECRET_RULE)
  .meta({ description: 'whsec_ and 24 to 64 bytes in base64; made here where there is none' });

export function generateSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(32).toString('base64')}`;
}
