export { runChecks, startAdminServer, type Checks, type Readiness } from './admin-server.ts';
export { ConfigError, Port, readConfig, ServiceConfig, type Environment } from './config.ts';
export { documentationRoutes } from './documentation/documentation-routes.ts';
export { createDocumentation } from './documentation/create-documentation.ts';
export { createServer, SERVER_LIMITS, type ServerOptions } from './http/create-server.ts';
export { errorsRoute } from './http/errors-route.ts';
export type { HttpServer } from './http/http-server.ts';
export {
  API_VERSION,
  envelope,
  Enveloped,
  EnvelopedPage,
  EnvelopedWithPage,
  envelopePage,
  envelopeWithPage,
} from './http/envelope.ts';
export {
  createBodyReader,
  type BodyReader,
  type BodyReaderOptions,
  type BodyTask,
  type RefusedBody,
} from './http/create-body-reader.ts';
export { abortedOnClose } from './http/aborted-on-close.ts';
export { createDownloadSlots, type DownloadLimits } from './http/create-download-slots.ts';
export { sendDownload, type Download } from './http/send-download.ts';
export { limitBodyMemory, type BodyMemoryLimits } from './http/limit-body-memory.ts';
export { guardRoutes, type Authenticate } from './http/guard-routes.ts';
export {
  isAdmin,
  organizationNotFound,
  createOrganizationResolver,
  organizationToRead,
  organizationToWrite,
  type OrganizationExists,
} from './http/organization.ts';
export type { KnownRoute } from './http/known-routes.ts';
export { connectLimitRedis } from './http/connect-limit-redis.ts';
export { createRateLimiter, type LimitRate, type RateLimitOptions } from './http/create-rate-limiter.ts';
export type { Access, Family, LimitCategory } from './http/route-config.ts';
export { toFailure } from './http/to-failure.ts';
export { createShutdown, runProcess, type Shutdown } from './lifecycle.ts';
export { createLogger, type Logger } from './log.ts';
export {
  createObservableGauge,
  createCounter,
  createHistogram,
  createMetrics,
  timeRequests,
  type Metrics,
} from './metrics.ts';
