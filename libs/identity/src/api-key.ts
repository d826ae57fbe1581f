import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Id, isoTime, Label, scopes, time } from '@oriontel/contracts';
import { parse, stringify, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';

export const NewApiKey = z
  .strictObject({
    name: Label,
    org_id: Id.optional(),
    scopes: z
      .array(z.enum(scopes, `must be among ${scopes.join(', ')}`))
      .min(1, 'must name at least one scope')
      .max(scopes.length),
    expires_at: time.nullish(),
  })
  .meta({ id: 'NewApiKey' });
export type NewApiKey = z.output<typeof NewApiKey>;

/** A key as it reads over HTTP; `key` itself only in the answer that made it. */
export const ApiKey = z
  .object({
    id: z.uuid(),
    key: z.string().optional().meta({
      description: 'Shown once, when it is made. Send it as Bearer token or as the password of HTTP Basic',
    }),
    name: z.string(),
    org_id: z.int(),
    scopes: z.array(z.enum(scopes)),
    expires_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.output<typeof ApiKey>;

export interface FoundApiKey {
  id: string;
  name: string;
  orgId: number;
  scopes: (typeof scopes)[number][];
  expiresAt: Date | null;
  createdAt: Date;
}

export const presentApiKey = ({ id, name, orgId, scopes, expiresAt, createdAt }: FoundApiKey): ApiKey => ({
  id,
  name,
  org_id: orgId,
  scopes,
  expires_at: expiresAt && isoTime(expiresAt),
  created_at: isoTime(createdAt),
});

/** Tells a key of ours from a JWT, and a leaked one to a scanner. */
const PREFIX = 'otk_';
const ID_BYTES = 16;
const SECRET_BYTES = 32;

export const isApiKey = (text: string): boolean => text.startsWith(PREFIX);

const sha256 = (secret: Uint8Array): Buffer => createHash('sha256').update(secret).digest();

/** A new key: its id and 256 random bits in one word. Only the hash of the bits is kept. */
export const mintApiKey = (): { id: string; key: string; secretHash: Buffer } => {
  const id = uuidv7();
  const secret = randomBytes(SECRET_BYTES);
  return {
    id,
    key: PREFIX + Buffer.concat([parse(id), secret]).toString('base64url'),
    secretHash: sha256(secret),
  };
};

/** The id in a key and the hash of its secret; null where the text cannot be one. */
export const openApiKey = (key: string): { id: string; secretHash: Buffer } | null => {
  const bytes = Buffer.from(key.slice(PREFIX.length), 'base64url');
  if (!isApiKey(key) || bytes.length !== ID_BYTES + SECRET_BYTES) return null;
  try {
    return { id: stringify(bytes.subarray(0, ID_BYTES)), secretHash: sha256(bytes.subarray(ID_BYTES)) };
  } catch {
    return null;
  }
};

export const sameHash = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);
