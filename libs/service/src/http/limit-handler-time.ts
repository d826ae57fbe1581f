import { Failure } from '@oriontel/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from './http-server.ts';
import './route-config.ts';

const RETRY_AFTER_SECONDS = 2;

/**
 * Responds 503 to a request whose handler has not responded after `handlerTimeoutMs` of its route, else
 * `defaultMs`. Receiving the body does not count: Node limits it by `requestTimeout`. Fastify's own
 * `handlerTimeout` ends as soon as a body was read and costs 40 us per request.
 */
export function limitHandlerTime(app: HttpServer, defaultMs: number): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();

  function startTimer(request: FastifyRequest, reply: FastifyReply): void {
    function respond(): void {
      if (reply.sent || reply.raw.headersSent) return;
      const message = 'The request took too long and may still be carried out. Try again later.';
      void reply.send(new Failure('unavailable', message, { retryAfter: RETRY_AFTER_SECONDS }));
    }
    timers.set(request, setTimeout(respond, request.routeOptions.config.handlerTimeoutMs ?? defaultMs));
  }
  function stopTimer(request: FastifyRequest): void {
    clearTimeout(timers.get(request));
  }

  app.addHook('onRequest', (request, reply, done) => {
    startTimer(request, reply);
    done();
  });
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    stopTimer(request);
    done();
  });
  app.addHook('preValidation', (request, reply, done) => {
    startTimer(request, reply);
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    stopTimer(request);
    done();
  });
}
