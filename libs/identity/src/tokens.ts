import jwt from '@fastify/jwt';
import type { HttpServer } from '@oriontel/service';
import type { VerifyToken } from './authenticate.ts';

export interface Tokens {
  /** Seconds. */
  lifetime: number;
  sign: (userId: number) => string;
  verify: VerifyToken;
}

const ISSUER = 'oriontel';
const AUDIENCE = 'oriontel-api';
const ALGORITHM = 'HS256';

/** Signed tokens (RFC 7519) with a fixed algorithm, issuer and audience, that say no more than who it is. */
export const openTokens = async (app: HttpServer, secret: string, lifetime: number): Promise<Tokens> => {
  await app.register(jwt, {
    secret,
    sign: { algorithm: ALGORITHM, iss: ISSUER, aud: AUDIENCE, expiresIn: lifetime * 1000 },
    verify: {
      algorithms: [ALGORITHM],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      // An issuer or audience that is not there is not compared.
      requiredClaims: ['sub', 'exp', 'iss', 'aud'],
    },
  });
  return {
    lifetime,
    sign: (userId) => app.jwt.sign({ sub: String(userId) }),
    verify: (token) => app.jwt.verify<{ sub: string }>(token),
  };
};
