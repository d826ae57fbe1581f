export { askChecks, startAdminServer, type Checks, type Readiness } from './admin-server.ts';
export { ConfigError, Port, readConfig, ServiceConfig, type Environment } from './config.ts';
export { documentationRoutes } from './documentation/documentation-routes.ts';
export { openDocumentation } from './documentation/open-documentation.ts';
export { createServer, LIMITS, type ServerOptions } from './http/create-server.ts';
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
export { guardRoutes, type Authenticate } from './http/guard.ts';
export {
  isAdmin,
  noSuchOrganization,
  organizationToFill,
  organizationToRead,
  organizationToWrite,
  type OrganizationExists,
} from './http/organization.ts';
export type { KnownRoute } from './http/known-routes.ts';
export { openLimitRedis } from './http/limit-redis.ts';
export { openRateLimiter, type LimitRate, type RateLimiting } from './http/limit-rates.ts';
export type { Access, Family, LimitCategory } from './http/route-config.ts';
export { fieldName, toFailure } from './http/to-failure.ts';
export { live, type Closing } from './lifecycle.ts';
export { openLog, type Logger } from './log.ts';
export { askedGauge, counter, histogram, openMetrics, timeRequests, type Metrics } from './metrics.ts';
