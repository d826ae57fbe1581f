import { Failure } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';

/** RFC 9110, 9.2.1 */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The Authorization header, or what stands for it: the token in the cookie that the route names. A browser sends a cookie
 * along whoever makes it send the request, so by cookie only a page of our own changes anything.
 * @throws Failure forbidden where it may have been another's.
 */
export function readCredentials(request: FastifyRequest): string | undefined {
  const { authorization, cookie } = request.headers;
  const name = request.routeOptions.config.cookie;
  const token = authorization === undefined && name ? readCookie(cookie, name) : undefined;
  if (token === undefined) return authorization;
  if (!SAFE_METHODS.includes(request.method) && !isSameOrigin(request))
    throw new Failure('forbidden', 'By cookie this is taken from a page of the same origin only.');
  return `Bearer ${token}`;
}

/** RFC 6265, 4.2.1 */
function readCookie(header: string | undefined, name: string): string | undefined {
  return header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** By Sec-Fetch-Site (Fetch Metadata), which browsers leave out of plain HTTP; there Origin tells (RFC 6454, 7). */
function isSameOrigin({ headers, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin = '' } = headers;
  return host !== '' && URL.canParse(origin) && new URL(origin).host === host;
}
