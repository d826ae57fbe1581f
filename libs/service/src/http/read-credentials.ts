import { Failure } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';

/** RFC 9110, section 9.2.1. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Returns the Authorization header, or the token from the cookie that the route configures. Browsers send
 * cookies with cross-site requests too, so unsafe methods accept the cookie only from the same origin (CSRF
 * protection).
 * @throws Failure forbidden
 */
export function readCredentials(request: FastifyRequest): string | undefined {
  const { authorization, cookie } = request.headers;
  const name = request.routeOptions.config.cookie;
  const token = authorization === undefined && name ? readCookie(cookie, name) : undefined;
  if (token === undefined) return authorization;
  if (!SAFE_METHODS.includes(request.method) && !isSameOrigin(request))
    throw new Failure('forbidden', 'Cookie authentication requires a request from the same origin.');
  return `Bearer ${token}`;
}

/** RFC 6265, section 4.2.1. */
function readCookie(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/**
 * Checks Sec-Fetch-Site (Fetch Metadata); browsers omit it over plain HTTP, where Origin is checked (RFC
 * 6454, section 7).
 */
function isSameOrigin({ headers, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin = '' } = headers;
  return host !== '' && URL.canParse(origin) && new URL(origin).host === host;
}
