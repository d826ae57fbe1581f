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
import { limitHandlerTime } from './limit-handler-time.ts';
import { parseJsonBodies } from './parse-json-bodies.ts';
import { rejectEncodedBody } from './reject-encoded-body.ts';
import { resolveRequestId } from './resolve-request-id.ts';
import { toFailure } from './to-failure.ts';
import './route-config.ts';

/** Defaults; a route may raise its own `bodyLimit` and `handlerTimeoutMs`. */
export const SERVER_LIMITS = {
  bodyBytes: 1024 * 1024,
  paramLength: 16_384,
  connectionTimeoutMs: 120_000,
  requestTimeoutMs: 60_000,
  handlerTimeoutMs: 5_000,
  keepAliveTimeoutMs: 72_000,
};

export interface ServerOptions {
  /**
   * IP addresses and CIDR ranges of proxies whose X-Forwarded-For header is trusted.
   * @default no proxy
   */
  trustProxy?: string[] | undefined;
}

/**
 * Creates the HTTP server: request ids, version header, limits, JSON and XML errors. Call `guardRoutes` on it
 * before registering routes.
 */
export function createServer(log: Logger, { trustProxy = [] }: ServerOptions = {}): HttpServer {
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
    keepAliveTimeout: SERVER_LIMITS.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    // A request that arrives while the server closes is served, with `Connection: close`.
    return503OnClosing: false,
    routerOptions: { maxParamLength: SERVER_LIMITS.paramLength },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply as FastifyReply),
    clientErrorHandler: handleClientError,
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // Otherwise Fastify passes the text to the route, which fails with 400 instead of 415.
  app.removeContentTypeParser('text/plain');
  parseJsonBodies(app);
  app.decorate('describeRoute', null);
  app.addHook('onRoute', function (route) {
    this.describeRoute?.(route);
  });
  limitHandlerTime(app, SERVER_LIMITS.handlerTimeoutMs);
  const methodsOf = recordRoutes(app, SERVER_LIMITS.paramLength);
  app.addHook('onRequest', async (request, reply) => void setStandardHeaders(request, reply));
  // After the guard: authorization errors take precedence over body errors.
  app.addHook('preParsing', rejectEncodedBody);
  app.addHook('onResponse', async (request, reply) => logResponse(request, reply));
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendError(unmatchedRouteFailure(request, methodsOf(request.url)), request, reply),
  );
  return app;
}

/** Distinguishes a missing field from a wrong type, unlike zod's "expected string, received undefined". */
function describeTypeError(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  const must = `must be ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
  return issue.input === undefined ? `is required: ${must}` : must;
}

function unmatchedRouteFailure(request: FastifyRequest, allow: string[]): Failure {
  return allow.length
    ? new Failure(
        'method_not_allowed',
        `${request.method} is not supported for this path: use ${allow.join(' or ')}.`,
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
  // Bypasses the response schemas of the route.
  return setStandardHeaders(request, reply)
    .code(status)
    .type(contentType)
    .serializer((text: string) => text)
    .send(body);
}

const SLOW_REQUEST_MS = 1_000;

function responseLogLevel(statusCode: number, elapsedMs: number): 'error' | 'warn' | 'info' | 'debug' {
  if (statusCode >= 500) return 'error';
  if (elapsedMs > SLOW_REQUEST_MS) return 'warn';
  return statusCode >= 400 ? 'info' : 'debug';
}

function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, elapsedTime } = reply;
  const level = responseLogLevel(statusCode, elapsedTime);
  const fields = {
    method: request.method,
    route: request.routeOptions.url ?? 'unmatched',
    status: statusCode,
    ms: Math.round(elapsedTime),
  };
  request.log[level](fields, 'request completed');
}

/** Malformed HTTP never becomes a request: the error response is written to the socket. */
function handleClientError(error: NodeJS.ErrnoException, socket: import('node:net').Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const code = CLIENT_ERROR_CODES[error.code ?? ''] ?? 'bad_request';
  const { status, message } = failures[code];
  const id = resolveRequestId({ headers: {} });
  const errorResponse = { status, message, details: [], requestId: id, time: new Date() };
  const { contentType, body } = formatError('xml', errorResponse);
  socket.end(
    [
      `HTTP/1.1 ${status} ${message}`,
      `Content-Type: ${contentType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-API-Version: ${API_VERSION}`,
      `X-Request-Id: ${id}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

const CLIENT_ERROR_CODES: Record<string, keyof typeof failures> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};
