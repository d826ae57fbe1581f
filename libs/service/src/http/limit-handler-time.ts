import { Failure } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';
import type { HttpServer } from './http-server.ts';

const RETRY_AFTER_SECONDS = 2;

/**
 * Responds 503 to a request whose handler has not responded after `timeoutMs`, with or without a body.
 * Fastify's `handlerTimeout` ends as soon as a body was read and costs 40 us per request.
 */
export function limitHandlerTime(app: HttpServer, timeoutMs: number): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  app.addHook('onRequest', function startTimer(request, reply, done) {
    function respond(): void {
      if (reply.sent) return;
      const message = 'The request took too long. Try again later.';
      void reply.send(new Failure('unavailable', message, { retryAfter: RETRY_AFTER_SECONDS }));
    }
    timers.set(request, setTimeout(respond, timeoutMs));
    done();
  });
  app.addHook('onResponse', function stopTimer(request, _reply, done) {
    clearTimeout(timers.get(request));
    done();
  });
}
