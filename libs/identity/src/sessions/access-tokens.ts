import jwt from '@fastify/jwt';
import type { HttpServer } from '@oriontel/service';

/** Claims of an access token: the user id and the session id. */
export interface Claims {
  sub: string;
  sid: string;
}

export interface AccessTokens {
  lifetimeSeconds: number;
  sign: (userId: number, sessionId: string) => string;
  /** @throws Error if the token is malformed, expired or not signed by this installation. */
  verify: (token: string) => Claims;
}

const ISSUER = 'oriontel';
const AUDIENCE = 'oriontel-api';
const ALGORITHM = 'HS256';

/**
 * Signed tokens (RFC 7519) with a fixed algorithm, issuer and audience; they carry no role and no
 * organization.
 */
export async function createAccessTokens(
  app: HttpServer,
  secret: string,
  lifetimeSeconds: number,
): Promise<AccessTokens> {
  await app.register(jwt, {
    secret,
    sign: { algorithm: ALGORITHM, iss: ISSUER, aud: AUDIENCE, expiresIn: lifetimeSeconds },
    verify: {
      algorithms: [ALGORITHM],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      // Without this, a token that lacks an issuer or audience would pass the checks above.
      requiredClaims: ['sub', 'sid', 'exp', 'iss', 'aud'],
    },
  });
  return {
    lifetimeSeconds,
    sign: (userId, sid) => app.jwt.sign({ sub: String(userId), sid }),
    verify: (token) => app.jwt.verify<Claims>(token),
  };
}
