import type { ZodType } from 'zod';
import type { RouteOptions } from 'fastify';
import type { FailureCode, Principal, Role, Scope } from '@oriontel/contracts';

/** Which document a route belongs to: it decides the shape of its errors where the Accept header does not. */
export type Family = 'platform' | 'oriontel';

/**
 * Who may use a route. A key needs the scope; where none is named, keys may not use it. On a route for guests anyone is
 * welcome, and who sends credentials is known.
 */
export type Access = 'anyone' | 'guest' | 'signed-in' | { roles: readonly Role[]; scope?: Scope };

/**
 * Whose limit a route's requests count against. `guest`: the client address's, whoever signed in. `none` is for those who ask
 * whether the process lives.
 */
export type LimitCategory = 'cdr' | 'events' | 'logs' | 'gateways' | 'qr' | 'board' | 'signed_in' | 'guest';

declare module 'fastify' {
  interface FastifyContextConfig {
    family?: Family;
    /** Every route says it: one without is refused at start. */
    access?: Access;
    /** Where none is named: `signed_in` or `guest`, as it is. */
    limit?: LimitCategory | 'none';
    /** A cookie that may hold the token instead of the Authorization header: for pages, where a browser sends no header. */
    cookie?: string;
    /** What it may answer besides the errors that every route of its shape has. */
    errors?: FailureCode[];
    /** The path as the documents write it, where the router must be told otherwise. */
    documentedAs?: string;
    /** What it takes where it reads the body by itself, for the documentation. */
    documentedBody?: ZodType;
    /** The media types of an answer that is no JSON. */
    produces?: string[];
  }
  interface FastifyInstance {
    /** Told of each route of this scope before anyone else: it says for a plugin of others what that cannot know to say. */
    describeRoute: ((route: RouteOptions) => void) | null;
  }
  interface FastifyRequest {
    /** Set on every route that is not open to anyone; null for a guest without credentials. */
    principal: Principal;
  }
}
