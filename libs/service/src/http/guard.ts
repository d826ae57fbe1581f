import { Failure, type Principal } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';
import type { HttpServer } from './http-server.ts';
import type { Access } from './route-config.ts';

/** Who sent these credentials; null where there are none. @throws Failure unauthorized where they are not good. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal | null>;

/**
 * Asks for credentials before the body is read, and keeps out whom the route's `access` does not name.
 * A route that names nobody is refused when it is added: nothing is open by oversight.
 */
export const guardRoutes = (app: HttpServer, authenticate: Authenticate): void => {
  app.decorateRequest('principal', null as never);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access;
    if (!access || access === 'anyone') return;
    request.principal =
      access === 'guest'
        ? ((await authenticate(request.headers.authorization)) as never)
        : await mustBe(access, authenticate, request);
  });
};

type Closed = Exclude<Access, 'anyone' | 'guest'>;

const mustBe = async (
  access: Closed,
  authenticate: Authenticate,
  request: FastifyRequest,
): Promise<Principal> => {
  const principal = await authenticate(request.headers.authorization);
  if (!principal) {
    throw new Failure(
      'unauthorized',
      'Authentication required: send a token or an API key in the Authorization header.',
    );
  }
  if (!isAllowed(access, principal)) throw new Failure('forbidden', refusal(access, principal));
  return principal;
};

const isAllowed = (access: Closed, principal: Principal): boolean => {
  if (principal.kind === 'key')
    return access !== 'signed-in' && !!access.scope && principal.scopes.includes(access.scope);
  return access === 'signed-in' || access.roles.includes(principal.role);
};

const refusal = (access: Closed, principal: Principal): string => {
  if (access === 'signed-in') return 'An API key cannot be used here: sign in.';
  if (principal.kind === 'user')
    return `Insufficient permissions: this takes the role ${access.roles.join(' or ')}.`;
  return access.scope
    ? `This API key lacks the scope ${access.scope}.`
    : 'An API key cannot be used here: sign in.';
};
