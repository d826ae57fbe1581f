import { Failure, type Principal } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';
import { readCredentials } from './read-credentials.ts';
import type { HttpServer } from './http-server.ts';
import type { LimitRate } from './create-rate-limiter.ts';
import type { Access } from './route-config.ts';

/**
 * Resolves the Authorization header to a principal; null if it is absent.
 * @throws Failure unauthorized if the credentials are not valid.
 */
export type Authenticate = (authorization: string | undefined) => Promise<Principal | null>;

/**
 * Authenticates each request before its body is read, counts it against the rate limit and enforces the
 * `access` of the route. Registering a route without `access` throws, so that no route is public by mistake.
 */
export function guardRoutes(
  app: HttpServer,
  authenticate: Authenticate,
  limitRate: LimitRate | null = null,
): void {
  app.decorateRequest('principal', null as never);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} has no access: set config.access`);
  });
  app.addHook('onRequest', async (request, reply) => {
    // Only unmatched requests (404, 405) have no access; they count against the rate limit too.
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

/**
 * Returns the authentication error instead of throwing: the request first counts against the rate limit, as a
 * guest.
 */
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

const API_KEY_NOT_ACCEPTED = 'API keys are not accepted for this route: sign in.';

type RestrictedAccess = Exclude<Access, 'anyone' | 'guest'>;

function authorize(access: RestrictedAccess, principal: Principal | null): Principal {
  if (!principal) {
    throw new Failure(
      'unauthorized',
      'Authentication required: send a token or an API key in the Authorization header.',
    );
  }
  if (!isAllowed(access, principal)) throw new Failure('forbidden', forbiddenMessage(access, principal));
  return principal;
}

function isAllowed(access: RestrictedAccess, principal: Principal): boolean {
  if (principal.kind === 'key')
    return access !== 'signed-in' && !!access.scope && principal.scopes.includes(access.scope);
  return access === 'signed-in' || access.roles.includes(principal.role);
}

function forbiddenMessage(access: RestrictedAccess, principal: Principal): string {
  if (access === 'signed-in') return API_KEY_NOT_ACCEPTED;
  if (principal.kind === 'user')
    return `Insufficient permissions: requires the role ${access.roles.join(' or ')}.`;
  return access.scope ? `This API key lacks the scope ${access.scope}.` : API_KEY_NOT_ACCEPTED;
}
