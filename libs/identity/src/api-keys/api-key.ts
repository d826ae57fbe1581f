import { Id, isoTime, isoTimeOrNull, Label, scopes, time, type Scope } from '@oriontel/contracts';
import { z } from 'zod';
import { createSecretTokens } from '../secret-token.ts';

export const NewApiKey = z
  .strictObject({
    name: Label,
    org_id: Id.optional(),
    scopes: z
      .array(z.enum(scopes, `must be one of ${scopes.join(', ')}`))
      .min(1, 'must name at least one scope')
      .max(scopes.length),
    expires_at: time.nullish(),
  })
  .meta({ id: 'NewApiKey', examples: [{ name: 'freeswitch-node-01', scopes: ['cdr:write'] }] });
export type NewApiKey = z.output<typeof NewApiKey>;

/** An API key in responses. `key` is present only in the response that created it. */
export const ApiKey = z
  .object({
    id: z.uuid(),
    key: z.string().optional().meta({
      description: 'Returned once, on creation. Send it as the Bearer token or as the password of HTTP Basic',
    }),
    name: z.string(),
    org_id: z.int(),
    scopes: z.array(z.enum(scopes)),
    expires_at: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'ApiKey',
    examples: [
      {
        id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
        name: 'freeswitch-node-01',
        org_id: 12345,
        scopes: ['cdr:write'],
        expires_at: null,
        created_at: '2024-01-15T10:30:00Z',
      },
    ],
  });
export type ApiKey = z.output<typeof ApiKey>;

export interface FoundApiKey {
  id: string;
  name: string;
  orgId: number;
  scopes: Scope[];
  expiresAt: Date | null;
  createdAt: Date;
}

export function presentApiKey({ id, name, orgId, scopes, expiresAt, createdAt }: FoundApiKey): ApiKey {
  return {
    id,
    name,
    org_id: orgId,
    scopes,
    expires_at: isoTimeOrNull(expiresAt),
    created_at: isoTime(createdAt),
  };
}

export const apiKeyTokens = createSecretTokens('otk_');
