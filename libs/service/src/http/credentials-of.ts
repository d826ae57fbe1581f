import { Failure } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';

/** RFC 9110, 9.2.1 */
const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The Authorization header, or what stands for it: the token in the cookie that the route names. A browser sends a cookie
 * along whoever makes it send the request, so by cookie only a page of our own changes anything.
 * @throws Failure forbidden where it may have been another's.
 */
export const credentialsOf = (request: FastifyRequest): string | undefined => {
  const { authorization, cookie } = request.headers;
  const name = request.routeOptions.config.cookie;
  const token = authorization === undefined && name ? readCookie(cookie, name) : undefined;
  if (token === undefined) return authorization;
  if (!SAFE.includes(request.method) && !isFromHere(request))
    throw new Failure('forbidden', 'By cookie this is taken from a page of the same origin only.');
  return `Bearer ${token}`;
};

/** RFC 6265, 4.2.1 */
const readCookie = (header: string | undefined, name: string): string | undefined =>
  header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** By Sec-Fetch-Site (Fetch Metadata), which browsers leave out of plain HTTP; there Origin tells (RFC 6454, 7). */
const isFromHere = ({ headers, host }: FastifyRequest): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin = '' } = headers;
  return host !== '' && URL.canParse(origin) && new URL(origin).host === host;
};
