import { Failure, type Principal } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';
import { readCredentials } from './read-credentials.ts';
import type { HttpServer } from './http-server.ts';
import type { LimitRate } from './create-rate-limiter.ts';
import type { Access } from './route-config.ts';

/** Who sent these credentials; null where there are none. @throws Failure unauthorized where they are not good. */
export type Authenticate = (authorization: string | undefined) => Promise<Principal | null>;

/**
 * Asks for credentials before the body is read, counts the request against its sender's limit, and keeps out whom the
 * route's `access` does not name. A route that names nobody is refused when it is added: nothing is open by oversight.
 */
export function guardRoutes(
  app: HttpServer,
  authenticate: Authenticate,
  limitRate: LimitRate | null = null,
): void {
  app.decorateRequest('principal', null as never);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} does not say who may use it`);
  });
  app.addHook('onRequest', async (request, reply) => {
    // Without access it is no route: a 404 or 405, which counts all the same.
    const { access = 'anyone', limit } = request.routeOptions.config;
    const limits = limit === 'none' ? null : limitRate;
    if (access === 'anyone' && !limits) return;
    const sender = await identify(authenticate, request);
    await limits?.(request, reply, sender.principal);
    if (access === 'anyone') return;
    if (sender.error) throw sender.error;
    request.principal =
      access === 'guest' ? (sender.principal as never) : authorize(access, sender.principal);
  });
}

/** Who it is, or why that cannot be told: for limits, as if there were no credentials. */
async function identify(
  authenticate: Authenticate,
  request: FastifyRequest,
): Promise<{ principal: Principal | null; error?: Error }> {
  try {
    return { principal: await authenticate(readCredentials(request)) };
  } catch (error) {
    return { principal: null, error: error as Error };
  }
}

type RestrictedAccess = Exclude<Access, 'anyone' | 'guest'>;

function authorize(access: RestrictedAccess, principal: Principal | null): Principal {
  if (!principal) {
    throw new Failure(
      'unauthorized',
      'Authentication required: send a token or an API key in the Authorization header.',
    );
  }
  if (!isAllowed(access, principal)) throw new Failure('forbidden', refusalMessage(access, principal));
  return principal;
}

function isAllowed(access: RestrictedAccess, principal: Principal): boolean {
  if (principal.kind === 'key')
    return access !== 'signed-in' && !!access.scope && principal.scopes.includes(access.scope);
  return access === 'signed-in' || access.roles.includes(principal.role);
}

function refusalMessage(access: RestrictedAccess, principal: Principal): string {
  if (access === 'signed-in') return 'An API key cannot be used here: sign in.';
  if (principal.kind === 'user')
    return `Insufficient permissions: this takes the role ${access.roles.join(' or ')}.`;
  return access.scope
    ? `This API key lacks the scope ${access.scope}.`
    : 'An API key cannot be used here: sign in.';
}
