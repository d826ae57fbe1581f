import { Failure, LARGEST_ID, remember, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Authenticate } from '@oriontel/service';
import { apiKeys } from './api-key.repository.ts';
import { isApiKey, openApiKey, sameHash } from './api-key.ts';
import { users } from './user.repository.ts';

/** The id of the user a token was made for. @throws where the token is not good. */
export type VerifyToken = (token: string) => { sub: string };

/** Milliseconds. */
const BELIEVED = 2_000;

/**
 * Who is asking, by a Bearer token, an API key as Bearer, or an API key as the password of HTTP Basic. The role and the
 * organisation come from the database, never from the token. For `believed` milliseconds a principal is not asked for
 * again: a revoked one is out after that.
 */
export const openAuthentication = (db: Database, verify: VerifyToken, believed = BELIEVED): Authenticate => {
  const principalOf = remember(believed, (credential: string) =>
    isApiKey(credential) ? readKey(db, credential) : readUser(db, subjectOf(verify, credential)),
  );

  return async (authorization) => {
    if (!authorization) return null;
    const credential = readCredential(authorization);
    const principal = credential && (await principalOf(credential));
    if (!principal)
      throw new Failure(
        'unauthorized',
        'The token or API key is not valid, or not valid any more: get a new one.',
      );
    return principal;
  };
};

/** RFC 6750, 2.1 and RFC 7617, 2; a Basic password that is no API key is no credential here. */
const readCredential = (authorization: string): string | null => {
  const [, scheme, value] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (scheme?.toLowerCase() === 'bearer') return value!;
  if (scheme?.toLowerCase() !== 'basic') return null;
  const decoded = Buffer.from(value!, 'base64').toString();
  const password = decoded.slice(decoded.indexOf(':') + 1);
  return isApiKey(password) ? password : null;
};

const subjectOf = (verify: VerifyToken, token: string): number => {
  try {
    const { sub } = verify(token);
    if (/^[1-9]\d{0,9}$/.test(sub) && Number(sub) <= LARGEST_ID) return Number(sub);
  } catch (cause) {
    throw new Failure('unauthorized', 'The token is not valid, or not valid any more: sign in again.', {
      cause,
    });
  }
  throw new Failure('unauthorized', 'The token is not valid: sign in again.');
};

const readUser = async (db: Database, id: number): Promise<Principal | null> => {
  const user = await users(db).findActive(id);
  return user && { kind: 'user', id: user.id, role: user.role, orgId: user.orgId, username: user.username };
};

const readKey = async (db: Database, text: string): Promise<Principal | null> => {
  const opened = openApiKey(text);
  if (!opened) return null;
  const key = await apiKeys(db).findValid(opened.id, new Date());
  if (!key || !sameHash(key.secretHash, opened.secretHash)) return null;
  return { kind: 'key', id: key.id, orgId: key.orgId, scopes: key.scopes, name: key.name };
};
