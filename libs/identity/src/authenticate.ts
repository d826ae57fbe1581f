import { createHash } from 'node:crypto';
import { Failure, MAX_ID, memoize, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Authenticate } from '@oriontel/service';
import { z } from 'zod';
import { apiKeys } from './api-keys/api-key.repository.ts';
import { apiKeyTokens } from './api-keys/api-key.ts';
import { sameHash } from './secret-token.ts';
import type { Claims, AccessTokens } from './sessions/access-tokens.ts';
import { users } from './users/user.repository.ts';

/** How long an authenticated principal is cached. */
const PRINCIPAL_CACHE_MS = 2_000;

/**
 * Resolves an Authorization header to a principal: a Bearer access token, an API key as Bearer token, or an
 * API key as the password of HTTP Basic. Role and organization are read from the database, never from the
 * token. A principal is cached for `cacheMs` milliseconds, so a revoked credential is accepted for that long
 * at most.
 *
 * The returned function resolves to null without a header.
 * @throws Failure unauthorized if the credential is invalid, expired or revoked
 */
export function createAuthenticator(
  db: Database,
  { verify }: Pick<AccessTokens, 'verify'>,
  cacheMs = PRINCIPAL_CACHE_MS,
): Authenticate {
  const findPrincipal = memoize(
    cacheMs,
    (credential) =>
      apiKeyTokens.hasPrefix(credential)
        ? findKeyPrincipal(db, credential)
        : findUserPrincipal(db, verifyToken(verify, credential)),
    hashOf,
  );

  return async function authenticate(authorization) {
    if (!authorization) return null;
    const credential = parseCredential(authorization);
    const principal = credential && (await findPrincipal(credential));
    if (!principal)
      throw new Failure(
        'unauthorized',
        'The token or API key is invalid, expired or revoked: get a new one.',
      );
    return principal;
  };
}

/** The cache holds no credential that could be read from the memory of the process. */
function hashOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64');
}

/** RFC 6750, section 2.1 and RFC 7617, section 2. Null unless a Basic password is an API key. */
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
    throw new Failure('unauthorized', 'The token is invalid or expired: sign in again.', { cause });
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

async function findKeyPrincipal(db: Database, token: string): Promise<Principal | null> {
  const decoded = apiKeyTokens.decode(token);
  if (!decoded) return null;
  const key = await apiKeys(db).findValid(decoded.id, new Date());
  if (!key || !sameHash(key.secretHash, decoded.secretHash)) return null;
  return { kind: 'key', id: key.id, orgId: key.orgId, scopes: key.scopes, name: key.name };
}
