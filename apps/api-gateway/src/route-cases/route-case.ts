import type { KnownRoute } from '@oriontel/service';
import type { RequestOptions, TestGateway } from '../testing.ts';

/** Those who try each route. A key `with` the scope that the route names, or with all others. */
export const actors = [
  'guest',
  'bad token',
  'admin',
  'manager',
  'member',
  'loner',
  'key with',
  'key without',
] as const;
export type Actor = (typeof actors)[number];

export interface RouteRequest extends Omit<RequestOptions, 'method' | 'as'> {
  url: string;
  /** Stands in the answer to those who may see it, and in nobody else's. */
  marker?: string;
}

export interface InvalidRequest {
  /** What is sent instead. */
  url?: string;
  body?: unknown;
  query?: Record<string, string>;
  status: number;
  /** That the message or the details must name. */
  field?: string;
}

/** What is expected of one route; the rest of it the route says itself. */
export interface RouteCase {
  /** The document's example, or one like it; what it needs is made first. */
  example: (world: TestGateway, who: Actor) => RouteRequest | Promise<RouteRequest>;
  status: 200 | 201 | 204;
  /** Matches the data of the answer. */
  data?: unknown;
  /** A list with pages. */
  paginated?: true;
  /** Where `org_id` may be said. */
  orgIdIn?: 'query' | 'body';
  /** Uses up the session it is sent with. */
  endsSession?: true;
  /** Who is let in by the guard and refused, or answered in another way, all the same. */
  statusOverrides?: Partial<Record<Actor, number>>;
  /** What the manager of another organization gets for the example. */
  otherOrgStatus: number;
  invalidRequests?: Record<string, InvalidRequest>;
}

/** By method and route. */
export type RouteCases = Record<string, RouteCase>;

export function routeName({ method, url }: KnownRoute): string {
  return `${method} ${url}`;
}

let count = 0;
/** A name that nobody had before. */
export function uniqueName(word: string): string {
  return `${word}-${(count += 1)}`;
}
