import type { FastifyRequest } from 'fastify';

/** Where the board is, and whither alone its cookie is sent. */
export const BOARD = '/queues';

export const COOKIE = 'oriontel_queues';

/** A Set-Cookie (RFC 6265) that lasts `lifetime` seconds; 0 takes it away. */
export const sessionCookie = (
  { protocol }: Pick<FastifyRequest, 'protocol'>,
  token: string,
  lifetime: number,
): string =>
  [
    `${COOKIE}=${token}`,
    `Path=${BOARD}`,
    `Max-Age=${lifetime}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(protocol === 'https' ? ['Secure'] : []),
  ].join('; ');
