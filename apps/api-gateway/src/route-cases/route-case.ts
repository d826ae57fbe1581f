import type { KnownRoute } from '@oriontel/service';
import type { Call, TestGateway } from '../testing.ts';

/** Those who try each route. A key `with` the scope that the route names, or with all others. */
export const everybody = [
  'guest',
  'bad token',
  'admin',
  'manager',
  'member',
  'loner',
  'key with',
  'key without',
] as const;
export type Who = (typeof everybody)[number];

export interface Request extends Omit<Call, 'method' | 'as'> {
  url: string;
  /** Stands in the answer to those who may see it, and in nobody else's. */
  mark?: string;
}

export interface Mistake {
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
  example: (world: TestGateway, who: Who) => Request | Promise<Request>;
  status: 200 | 201 | 204;
  /** Matches the data of the answer. */
  data?: unknown;
  /** A list with pages. */
  paged?: true;
  /** Where `org_id` may be said. */
  orgId?: 'query' | 'body';
  /** Uses up the session it is sent with. */
  signsOut?: true;
  /** Who is let in by the guard and refused, or answered in another way, all the same. */
  but?: Partial<Record<Who, number>>;
  /** What the manager of another organization gets for the example. */
  elsewhere: number;
  mistakes?: Record<string, Mistake>;
}

/** By method and route. */
export type RouteCases = Record<string, RouteCase>;

export const nameOf = ({ method, url }: KnownRoute): string => `${method} ${url}`;

let count = 0;
/** A name that nobody had before. */
export const fresh = (word: string): string => `${word}-${(count += 1)}`;
