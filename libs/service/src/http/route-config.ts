import type { ZodType } from 'zod';
import type { RouteOptions } from 'fastify';
import type { FailureCode, Principal, Role, Scope } from '@oriontel/contracts';

/** The API document that a route belongs to: sets the error format if the Accept header allows both. */
export type Family = 'platform' | 'oriontel';

/**
 * `anyone`: public. `guest`: public, but credentials are checked if sent. `signed-in`: any user, no API keys.
 * Otherwise users with one of `roles`, and API keys with `scope`; without a scope no API keys.
 */
export type Access = 'anyone' | 'guest' | 'signed-in' | { roles: readonly Role[]; scope?: Scope };

/**
 * The rate limit of a route, counted per principal; `guest` counts per client address even for signed-in
 * users.
 */
export type LimitCategory = 'cdr' | 'events' | 'logs' | 'gateways' | 'qr' | 'board' | 'signed_in' | 'guest';

declare module 'fastify' {
  interface FastifyContextConfig {
    family?: Family;
    /** Required: registering a route without it throws. */
    access?: Access;
    /**
     * `none` disables rate limiting, for health checks.
     * @default signed_in with credentials, else guest
     */
    limit?: LimitCategory | 'none';
    /** Name of a cookie with the token, for pages: browsers send no Authorization header. */
    cookie?: string;
    /** Error codes in addition to those of every route of its shape. */
    errors?: FailureCode[];
    /** The path in the API documents if it differs from the router's pattern. */
    documentedAs?: string;
    /** Body schema for the API reference, for routes that parse their body themselves. */
    documentedBody?: ZodType;
    /**
     * Time from the end of the request to the response.
     * @default SERVER_LIMITS.handlerTimeoutMs
     */
    handlerTimeoutMs?: number;
    /** Media types of responses other than JSON. */
    produces?: string[];
  }
  interface FastifyInstance {
    /** Runs first for each route of this scope: sets the route configuration of third-party plugins. */
    describeRoute: ((route: RouteOptions) => void) | null;
  }
  interface FastifyRequest {
    /** Not set if access is `anyone`; null for a guest without credentials. */
    principal: Principal;
  }
}
