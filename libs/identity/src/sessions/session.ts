import { z } from 'zod';
import { createSecretTokens } from '../secret-token.ts';
import { presentUser, User, type FoundUser } from '../users/user.ts';
import type { AccessTokens } from './access-tokens.ts';

export const refreshTokens = createSecretTokens('otr_');

/** Response to a sign-in and to each refresh. */
export const SignedIn = z
  .object({
    token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds' }),
    refresh_token: z.string().meta({ description: 'Valid for one POST /auth/refresh' }),
    user: User,
  })
  .meta({
    id: 'SignedIn',
    examples: [
      {
        token: 'eyJ…',
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: 'otr_…',
        user: {
          id: 67890,
          username: 'john.smith',
          email: 'john.smith@example.com',
          role: 'user',
          org_id: 12345,
          created_at: '2024-01-15T10:30:00Z',
        },
      },
    ],
  });
export type SignedIn = z.output<typeof SignedIn>;

export interface Session {
  id: string;
  user: FoundUser;
  refreshToken: string;
}

export function presentSession(tokens: AccessTokens, { id, user, refreshToken }: Session): SignedIn {
  return {
    token: tokens.sign(user.id, id),
    token_type: 'Bearer',
    expires_in: tokens.lifetimeSeconds,
    refresh_token: refreshToken,
    user: presentUser(user),
  };
}
