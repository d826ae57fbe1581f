import type { KnownRoute } from '@oriontel/service';
import type { TestRequest } from '@oriontel/service/testing';
import type { TestGateway } from '../testing.ts';

/**
 * The callers that every route is tested with. `key with` has the scope of the route, `key without` all
 * others.
 */
export const actors = [
  'guest',
  'bad token',
  'admin',
  'manager',
  'member',
  'unassigned',
  'key with',
  'key without',
] as const;
export type Actor = (typeof actors)[number];

export interface RouteRequest extends Omit<TestRequest, 'method' | 'as'> {
  url: string;
  /** Text that the response contains for authorized actors only. */
  marker?: string;
}

export interface InvalidRequest {
  /** Replaces the URL of the example. */
  url?: string;
  body?: unknown;
  query?: Record<string, string>;
  status: number;
  /** The message or the details must name this field. */
  field?: string;
}

/** The expectations for one route; the rest follows from its configuration. */
export interface RouteCase {
  /** A valid request, as in the API document; creates what it needs. */
  example: (world: TestGateway, who: Actor) => RouteRequest | Promise<RouteRequest>;
  status: 200 | 201 | 204;
  /** Matches `data` of the response. */
  data?: unknown;
  /** A list with `limit` and `offset`. */
  paginated?: true;
  /** Where `org_id` is accepted. */
  orgIdIn?: 'query' | 'body';
  /** The request ends its session. */
  endsSession?: true;
  /** Status for actors that the guard accepts, but the handler rejects or serves differently. */
  statusOverrides?: Partial<Record<Actor, number>>;
  /** Status of the example for a manager of another organization. */
  otherOrgStatus: number;
  invalidRequests?: Record<string, InvalidRequest>;
}

/** By method and route, as routeName returns it. */
export type RouteCases = Record<string, RouteCase>;

export function routeName({ method, url }: KnownRoute): string {
  return `${method} ${url}`;
}

let count = 0;
/** A name that was not used before. */
export function uniqueName(word: string): string {
  return `${word}-${(count += 1)}`;
}
