import { randomBytes } from 'node:crypto';
import { z } from 'zod';

const SECRET_PREFIX = 'whsec_';
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const GENERATED_SECRET_BYTES = 32;
const SECRET_RULE = `must be ${SECRET_PREFIX} and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`;

function isSecret(secret: string): boolean {
  const base64 = secret.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  return (
    secret.startsWith(SECRET_PREFIX) &&
    bytes.length >= MIN_SECRET_BYTES &&
    bytes.length <= MAX_SECRET_BYTES &&
    bytes.toString('base64') === base64
  );
}

/** In the format of Standard Webhooks. */
export const WebhookSecret = z
  .string(SECRET_RULE)
  .max(200, SECRET_RULE)
  .refine(isSecret, SECRET_RULE)
  .meta({ description: 'whsec_ and 24 to 64 bytes in base64; default: a generated one' });

export function generateSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(GENERATED_SECRET_BYTES).toString('base64')}`;
}
