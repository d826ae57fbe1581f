import type { FastifyRequest } from 'fastify';

/** Where the board is, and whither alone its cookie is sent. */
export const BOARD_PATH = '/queues';

export const SESSION_COOKIE = 'oriontel_queues';

/** A Set-Cookie (RFC 6265) that lasts `lifetime` seconds; 0 takes it away. */
export function sessionCookie(
  { protocol }: Pick<FastifyRequest, 'protocol'>,
  token: string,
  lifetime: number,
): string {
  return [
    `${SESSION_COOKIE}=${token}`,
    `Path=${BOARD_PATH}`,
    `Max-Age=${lifetime}`,
    'HttpOnly',
    'SameSite=Strict',
    ...(protocol === 'https' ? ['Secure'] : []),
  ].join('; ');
}
