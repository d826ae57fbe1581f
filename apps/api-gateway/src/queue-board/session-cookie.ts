import type { FastifyRequest } from 'fastify';

/** Path of the board and scope of its cookie. */
export const BOARD_PATH = '/queues';

export const SESSION_COOKIE = 'oriontel_queues';

/** A Set-Cookie header (RFC 6265); `lifetimeSeconds` 0 deletes the cookie. */
export function sessionCookie(
  { protocol }: Pick<FastifyRequest, 'protocol'>,
  token: string,
  lifetimeSeconds: number,
): string {
  return [
    `${SESSION_COOKIE}=${token}`,
    `Path=${BOARD_PATH}`,
    `Max-Age=${lifetimeSeconds}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(protocol === 'https' ? ['Secure'] : []),
  ].join('; ');
}
