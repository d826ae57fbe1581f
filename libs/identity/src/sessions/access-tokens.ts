import jwt from '@fastify/jwt';
import type { HttpServer } from '@oriontel/service';

/** What a token says: whose it is, and of which session. */
export interface Claims {
  sub: string;
  sid: string;
}

export interface AccessTokens {
  /** Seconds. */
  lifetimeSeconds: number;
  sign: (userId: number, sessionId: string) => string;
  /** @throws where the token is not good. */
  verify: (token: string) => Claims;
}

const ISSUER = 'oriontel';
const AUDIENCE = 'oriontel-api';
const ALGORITHM = 'HS256';

/** Signed tokens (RFC 7519) with a fixed algorithm, issuer and audience, that say no more than who it is. */
export async function createAccessTokens(
  app: HttpServer,
  secret: string,
  lifetime: number,
): Promise<AccessTokens> {
  await app.register(jwt, {
    secret,
    sign: { algorithm: ALGORITHM, iss: ISSUER, aud: AUDIENCE, expiresIn: lifetime },
    verify: {
      algorithms: [ALGORITHM],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      // An issuer or audience that is not there is not compared.
      requiredClaims: ['sub', 'sid', 'exp', 'iss', 'aud'],
    },
  });
  return {
    lifetimeSeconds: lifetime,
    sign: (userId, sid) => app.jwt.sign({ sub: String(userId), sid }),
    verify: (token) => app.jwt.verify<Claims>(token),
  };
}
