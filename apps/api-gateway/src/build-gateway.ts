import { cdrIntake, type CdrPayload } from '@oriontel/cdr';
import { cdrRoutes } from '@oriontel/cdr/http';
import { isoTime } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { openAuthentication, openTokens, organizations, type Passwords } from '@oriontel/identity';
import { identityRoutes } from '@oriontel/identity/http';
import { openIntake, type Intake } from '@oriontel/intake';
import type { Queues } from '@oriontel/queues';
import {
  askChecks,
  createServer,
  guardRoutes,
  openRateLimiter,
  type Checks,
  type HttpServer,
  type Logger,
  type Metrics,
  type RateLimiting,
  timeRequests,
} from '@oriontel/service';

export interface GatewayParts {
  db: Database;
  queues: Pick<Queues, 'producer'>;
  passwords: Passwords;
  jwtSecret: string;
  /** Seconds, as the next. */
  tokenLifetime: number;
  sessionLifetime: number;
  defaultRegion: string;
  /** Seconds an accepted row may stay before it is dispatched again. */
  sweepGrace: number;
  log: Logger;
  checks: Checks;
  metrics: Metrics;
  /** Null: there are none. */
  rateLimits: Omit<RateLimiting, 'onAway'> | null;
  trustProxy?: string[];
}

export interface Gateway {
  app: HttpServer;
  intake: Intake<CdrPayload>;
}

/** The whole HTTP side, not yet listening. */
export const buildGateway = async (parts: GatewayParts): Promise<Gateway> => {
  const { db, queues, passwords, log, checks, defaultRegion } = parts;
  const app = createServer(log, { trustProxy: parts.trustProxy });
  timeRequests(app, parts.metrics);
  const tokens = await openTokens(app, parts.jwtSecret, parts.tokenLifetime);
  const limitRate = parts.rateLimits
    ? await openRateLimiter(app, {
        ...parts.rateLimits,
        onAway: (err) =>
          log.warn({ err: err.message }, 'Redis out of reach: each gateway keeps rate limits for itself'),
      })
    : undefined;
  guardRoutes(app, openAuthentication(db, tokens), limitRate);

  const intake = openIntake(db, cdrIntake, queues.producer(cdrIntake.queue), {
    grace: parts.sweepGrace,
    onUndispatched: (err, rows) =>
      log.warn({ err: err.message, rows }, 'queue out of reach: accepted rows wait for the sweeper'),
  });
  const regionOf = async (orgId: number) =>
    (await organizations(db).regions([orgId])).get(orgId) ?? defaultRegion;
  const organisationExists = (orgId: number) => organizations(db).exists(orgId);

  await app.register(healthRoutes, { checks, log });
  await app.register(identityRoutes, {
    db,
    passwords,
    tokens,
    sessionLifetime: parts.sessionLifetime,
  });
  await app.register(cdrRoutes, { db, intake, organisationExists, regionOf });
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
