import { Failure, failures } from '@oriontel/contracts';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Logger } from '../log.ts';
import { API_VERSION } from './envelope.ts';
import { chooseFormat, formatError } from './error-format.ts';
import type { HttpServer } from './http-server.ts';
import { recordRoutes } from './known-routes.ts';
import { rejectEncodedBody } from './reject-encoded-body.ts';
import { resolveRequestId } from './resolve-request-id.ts';
import { toFailure } from './to-failure.ts';
import './route-config.ts';

/** Bytes and milliseconds. A route may raise its own `bodyLimit` and `handlerTimeout`. */
export const SERVER_LIMITS = {
  bodyBytes: 1024 * 1024,
  paramLength: 16_384,
  connectionTimeoutMs: 120_000,
  requestTimeoutMs: 60_000,
  handlerTimeoutMs: 65_000,
  keepAliveTimeoutMs: 72_000,
};

export interface ServerOptions {
  /** Addresses and CIDRs of the proxies whose X-Forwarded-For is believed; nobody's where there are none. */
  trustProxy?: string[] | undefined;
}

/**
 * The HTTP shell: ids, versions, limits, both error formats. guardRoutes() must be called on it before routes are
 * registered: it says who may do what.
 */
export const createServer = (log: Logger, { trustProxy = [] }: ServerOptions = {}): HttpServer => {
  z.config({ customError: describeTypeError });
  const loggerInstance: FastifyBaseLogger = log;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: resolveRequestId,
    trustProxy: trustProxy.length ? trustProxy : false,
    bodyLimit: SERVER_LIMITS.bodyBytes,
    connectionTimeout: SERVER_LIMITS.connectionTimeoutMs,
    requestTimeout: SERVER_LIMITS.requestTimeoutMs,
    handlerTimeout: SERVER_LIMITS.handlerTimeoutMs,
    keepAliveTimeout: SERVER_LIMITS.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: SERVER_LIMITS.paramLength },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply as FastifyReply),
    clientErrorHandler: handleClientError,
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // Fastify would hand it to a route as text: 400, where 415 says what is wrong.
  app.removeContentTypeParser('text/plain');
  app.decorate('describeRoute', null);
  app.addHook('onRoute', function (route) {
    this.describeRoute?.(route);
  });
  const methodsOf = recordRoutes(app, SERVER_LIMITS.paramLength);
  app.addHook('onRequest', async (request, reply) => void setStandardHeaders(request, reply));
  // After the guard: who may not send a body is not told how to.
  app.addHook('preParsing', rejectEncodedBody);
  app.addHook('onResponse', async (request, reply) => logResponse(request, reply));
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendError(unmatchedRouteFailure(request, methodsOf(request.url)), request, reply),
  );
  return app;
};

/** Zod's own "expected string, received undefined" tells a client less than that a field is missing. */
const describeTypeError: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'invalid_type') return undefined;
  const must = `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  return issue.input === undefined ? `is required: ${must}` : must;
};

function unmatchedRouteFailure(request: FastifyRequest, allow: string[]): Failure {
  return allow.length
    ? new Failure(
        'method_not_allowed',
        `${request.method} is not supported here: use ${allow.join(' or ')}.`,
        { allow },
      )
    : new Failure('not_found', 'Resource not found');
}

function setStandardHeaders(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.header('x-api-version', API_VERSION).header('x-request-id', request.id);
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = toFailure(error);
  const { status, message, details, retryAfter, allow } = failure;
  if (status >= 500)
    request.log.error({ err: failure.cause ?? failure, code: failure.code }, 'request failed');
  const format = chooseFormat(request, request.routeOptions?.config?.family ?? 'platform');
  const { contentType, body } = formatError(format, {
    status,
    message,
    details,
    requestId: request.id,
    time: new Date(),
  });
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  if (allow) reply.header('allow', allow.join(', '));
  if (status === failures.unauthorized.status)
    reply.header('www-authenticate', 'Bearer realm="OrionTel", Basic realm="OrionTel"');
  // Past the serializer of the route's schemas: an error has a shape of its own.
  return setStandardHeaders(request, reply)
    .code(status)
    .type(contentType)
    .serializer((text: string) => text)
    .send(body);
}

const SLOW_REQUEST_MS = 1_000;

function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, elapsedTime } = reply;
  const level =
    statusCode >= 500
      ? 'error'
      : elapsedTime > SLOW_REQUEST_MS
        ? 'warn'
        : statusCode >= 400
          ? 'info'
          : 'debug';
  const fields = {
    method: request.method,
    route: request.routeOptions.url ?? 'unmatched',
    status: statusCode,
    ms: Math.round(elapsedTime),
  };
  request.log[level](fields, 'request answered');
}

/** What is not HTTP at all never becomes a request: it is answered on the bare socket. */
function handleClientError(error: NodeJS.ErrnoException, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const code = CLIENT_ERROR_CODES[error.code ?? ''] ?? 'bad_request';
  const { status, message } = failures[code];
  const id = resolveRequestId({ headers: {} });
  const answer = { status, message, details: [], requestId: id, time: new Date() };
  const { contentType, body } = formatError('xml', answer);
  socket.end(
    `HTTP/1.1 ${status} ${message}\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-API-Version: ${API_VERSION}\r\nX-Request-Id: ${id}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const CLIENT_ERROR_CODES: Record<string, keyof typeof failures> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};
