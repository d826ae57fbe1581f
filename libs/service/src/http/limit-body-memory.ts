import { Failure } from '@oriontel/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from './http-server.ts';

export interface BodyMemoryLimits {
  /** Of all requests that have no response yet. */
  totalBytes: number;
  /** Of those of one user or API key; of one address without credentials. */
  perSenderBytes: number;
}

const RETRY_AFTER_SECONDS = 2;

/**
 * Limits the memory for bodies in flight: a body counts with its Content-Length, or with the limit of its
 * route, from its beginning to the response. Register it after the guard.
 * @throws Failure too_many_requests (the sender), unavailable (all together)
 */
export function limitBodyMemory(app: HttpServer, { totalBytes, perSenderBytes }: BodyMemoryLimits): void {
  const bytesOf = new Map<string, number>();
  let total = 0;

  function reserve(sender: string, bytes: number): void {
    const own = bytesOf.get(sender) ?? 0;
    if (own + bytes > perSenderBytes && own > 0)
      throw new Failure('too_many_requests', 'You send too many large bodies at once: wait for a response.', {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    if (total + bytes > totalBytes && total > 0)
      throw new Failure('unavailable', 'Too many large bodies are in flight. Try again later.', {
        retryAfter: RETRY_AFTER_SECONDS,
      });
    bytesOf.set(sender, own + bytes);
    total += bytes;
  }
  function release(sender: string, bytes: number): void {
    const left = bytesOf.get(sender)! - bytes;
    if (left) bytesOf.set(sender, left);
    else bytesOf.delete(sender);
    total -= bytes;
  }

  app.addHook('preParsing', (request, reply, _payload, done) => {
    const bytes = expectedBytes(request);
    if (!bytes) return done();
    const sender = senderOf(request);
    try {
      reserve(sender, bytes);
    } catch (error) {
      return done(error as Failure);
    }
    onceEnded(reply, () => release(sender, bytes));
    done();
  });
}

/** 0 without a body, and if Fastify will refuse the body because of its length. */
function expectedBytes({ headers, routeOptions: { bodyLimit } }: FastifyRequest): number {
  if (headers['transfer-encoding']) return bodyLimit;
  const length = Number(headers['content-length'] ?? 0);
  return length > bodyLimit ? 0 : length;
}

function senderOf({ principal, ip }: FastifyRequest): string {
  return (principal as typeof principal | null | undefined) ? `${principal.kind}:${principal.id}` : ip;
}

/** A response is finished, or its connection was closed before: whichever comes first. */
function onceEnded({ raw }: FastifyReply, listener: () => void): void {
  let hasEnded = false;
  function end(): void {
    if (!hasEnded) listener();
    hasEnded = true;
  }
  raw.once('finish', end).once('close', end);
}
