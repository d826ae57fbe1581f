import type { FastifyReply } from 'fastify';

/** Aborts when the connection closes, also after the response: for work that only a waiting client needs. */
export function abortedOnClose({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => controller.abort());
  return controller.signal;
}
