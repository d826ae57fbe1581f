import { Failure, MAX_ID, memoize, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Authenticate } from '@oriontel/service';
import { z } from 'zod';
import { apiKeys } from './api-keys/api-key.repository.ts';
import { apiKeyTokens } from './api-keys/api-key.ts';
import { sameHash } from './secret-token.ts';
import type { Claims, AccessTokens } from './sessions/access-tokens.ts';
import { users } from './users/user.repository.ts';

/** Milliseconds. */
const PRINCIPAL_CACHE_MS = 2_000;

/**
 * Who is asking, by a Bearer token, an API key as Bearer, or an API key as the password of HTTP Basic. The role and the
 * organization come from the database, never from the token. For `believed` milliseconds a principal is not asked for
 * again: a revoked one is out after that.
 */
export function createAuthenticator(
  db: Database,
  { verify }: Pick<AccessTokens, 'verify'>,
  believed = PRINCIPAL_CACHE_MS,
): Authenticate {
  const principalOf = memoize(believed, (credential: string) =>
    apiKeyTokens.hasPrefix(credential)
      ? findKeyPrincipal(db, credential)
      : findUserPrincipal(db, verifyToken(verify, credential)),
  );

  return async function authenticate(authorization) {
    if (!authorization) return null;
    const credential = parseCredential(authorization);
    const principal = credential && (await principalOf(credential));
    if (!principal)
      throw new Failure(
        'unauthorized',
        'The token or API key is not valid, or not valid any more: get a new one.',
      );
    return principal;
  };
}

/** RFC 6750, 2.1 and RFC 7617, 2; a Basic password that is no API key is no credential here. */
function parseCredential(authorization: string): string | null {
  const [, scheme, value] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (scheme?.toLowerCase() === 'bearer') return value!;
  if (scheme?.toLowerCase() !== 'basic') return null;
  const decoded = Buffer.from(value!, 'base64').toString();
  const password = decoded.slice(decoded.indexOf(':') + 1);
  return apiKeyTokens.hasPrefix(password) ? password : null;
}

function verifyToken(verify: AccessTokens['verify'], token: string): Claims {
  try {
    return verify(token);
  } catch (cause) {
    throw new Failure('unauthorized', 'The token is not valid, or not valid any more: sign in again.', {
      cause,
    });
  }
}

const SessionId = z.uuid();

async function findUserPrincipal(db: Database, { sub, sid }: Claims): Promise<Principal | null> {
  if (!/^[1-9]\d{0,9}$/.test(sub) || Number(sub) > MAX_ID || !SessionId.safeParse(sid).success) return null;
  const user = await users(db).findBySession(Number(sub), sid, new Date());
  if (!user) return null;
  const { id, role, orgId, username } = user;
  return { kind: 'user', id, role, orgId, username, sessionId: sid };
}

async function findKeyPrincipal(db: Database, text: string): Promise<Principal | null> {
  const opened = apiKeyTokens.decode(text);
  if (!opened) return null;
  const key = await apiKeys(db).findValid(opened.id, new Date());
  if (!key || !sameHash(key.secretHash, opened.secretHash)) return null;
  return { kind: 'key', id: key.id, orgId: key.orgId, scopes: key.scopes, name: key.name };
}
