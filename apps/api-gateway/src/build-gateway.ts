import { cdrIntake, findFinishedLeg, type CdrPayload } from '@oriontel/cdr';
import { cdrRoutes } from '@oriontel/cdr/http';
import { isoTime } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { openAuthentication, openTokens, organizations, type Passwords } from '@oriontel/identity';
import { identityRoutes } from '@oriontel/identity/http';
import { openIntake, type Intake } from '@oriontel/intake';
import { pbxRoutes } from '@oriontel/pbx/http';
import type { Queues } from '@oriontel/queues';
import {
  askChecks,
  createServer,
  guardRoutes,
  openRateLimiter,
  timeRequests,
  type Checks,
  type HttpServer,
  type Logger,
  type Metrics,
  type RateLimiting,
} from '@oriontel/service';
import type { HostSampler } from '@oriontel/system';
import { systemRoutes } from '@oriontel/system/http';
import { limitsOf, type GatewayConfig } from './config.ts';

export interface GatewayParts {
  config: GatewayConfig;
  db: Database;
  queues: Pick<Queues, 'producer'>;
  limitRedis: RateLimiting['redis'];
  passwords: Passwords;
  host: HostSampler;
  log: Logger;
  checks: Checks;
  metrics: Metrics;
}

export interface Gateway {
  app: HttpServer;
  intake: Intake<CdrPayload>;
}

/** The whole HTTP side, not yet listening. */
export const buildGateway = async (parts: GatewayParts): Promise<Gateway> => {
  const { config, db, queues, limitRedis, passwords, host, log, checks, metrics } = parts;
  const app = createServer(log, { trustProxy: config.TRUST_PROXY });
  timeRequests(app, metrics);
  const tokens = await openTokens(app, config.JWT_SECRET, config.TOKEN_LIFETIME);
  const limits = limitsOf(config);
  const onAway = (err: Error) =>
    log.warn({ err: err.message }, 'Redis out of reach: each gateway keeps rate limits for itself');
  guardRoutes(
    app,
    openAuthentication(db, tokens),
    limits && (await openRateLimiter(app, { limits, redis: limitRedis, onAway })),
  );

  const intake = openIntake(db, cdrIntake, queues.producer(cdrIntake.queue), {
    grace: config.SWEEP_GRACE,
    onUndispatched: (err, rows) =>
      log.warn({ err: err.message, rows }, 'queue out of reach: accepted rows wait for the sweeper'),
  });
  const regionOf = async (orgId: number) =>
    (await organizations(db).regions([orgId])).get(orgId) ?? config.DEFAULT_REGION;
  const organisationExists = (orgId: number) => organizations(db).exists(orgId);

  await app.register(healthRoutes, { checks, log });
  await app.register(identityRoutes, { db, passwords, tokens, sessionLifetime: config.SESSION_LIFETIME });
  await app.register(cdrRoutes, { db, intake, organisationExists, regionOf });
  await app.register(systemRoutes, { db, host, organisationExists });
  await app.register(pbxRoutes, { db, organisationExists, finishedLeg: findFinishedLeg(db) });
  return { app, intake };
};

const healthRoutes = async (
  app: HttpServer,
  { checks, log }: { checks: Checks; log: Logger },
): Promise<void> => {
  // Who asks whether it lives asks often, and a 429 would read as death.
  const config = { family: 'oriontel', access: 'anyone', limit: 'none' } as const;
  app.get('/healthz', { config }, async () => ({ status: 'ok', time: isoTime(new Date()) }));
  app.get('/readyz', { config }, async (_request, reply) => {
    const readiness = await askChecks(checks, log);
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
};
