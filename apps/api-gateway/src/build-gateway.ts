import { entityEventsIntake, entityNames, logsIntake, type ImportReader } from '@oriontel/activity';
import { activityRoutes } from '@oriontel/activity/http';
import { bespokeRoutes } from '@oriontel/bespoke/http';
import { cdrIntake, findFinishedLeg, cdrTaskQueue } from '@oriontel/cdr';
import { cdrRoutes } from '@oriontel/cdr/http';
import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { eventlogRoutes } from '@oriontel/eventlog/http';
import {
  createAuthenticator,
  createAccessTokens,
  organizations,
  users,
  type PasswordHasher,
} from '@oriontel/identity';
import { identityRoutes } from '@oriontel/identity/http';
import { createIntake, createPartsIntake, type Intake, type IntakeDefinition } from '@oriontel/intake';
import { deliveries } from '@oriontel/notifications';
import { notificationsRoutes } from '@oriontel/notifications/http';
import { pbxRoutes } from '@oriontel/pbx/http';
import type { QrDrawer } from '@oriontel/qrcode';
import { qrRoutes } from '@oriontel/qrcode/http';
import { recurringQueue } from '@oriontel/recurring';
import { recurringRoutes } from '@oriontel/recurring/http';
import type { Queues } from '@oriontel/queues';
import {
  API_VERSION,
  runChecks,
  createServer,
  documentationRoutes,
  envelope,
  errorsRoute,
  guardRoutes,
  createDocumentation,
  createRateLimiter,
  timeRequests,
  type Checks,
  type HttpServer,
  type Logger,
  type Metrics,
  type RateLimitOptions,
  type Readiness,
} from '@oriontel/service';
import { monitorTaskQueue, resultsIntake } from '@oriontel/sip-gateways';
import { sipGatewayRoutes } from '@oriontel/sip-gateways/http';
import type { HostSampler } from '@oriontel/system';
import { systemRoutes } from '@oriontel/system/http';
import { rateLimitsOf, type GatewayConfig } from './config.ts';
import { externalEntityOwners } from './entity-owners.ts';
import { BOARD_PATH, queueBoard } from './queue-board/queue-board.ts';

export interface GatewayParts {
  config: GatewayConfig;
  db: Database;
  queues: Pick<Queues, 'producer' | 'board'>;
  limitRedis: RateLimitOptions['redis'];
  passwords: PasswordHasher;
  host: HostSampler;
  qrDrawer: QrDrawer;
  importReader: ImportReader;
  /** Milliseconds a log import waits to be stored; 10,000 where it is absent. */
  importTimeoutMs?: number | undefined;
  /** Milliseconds an event waits for its notifications to be handed to delivery; 2,000 where it is absent. */
  notifyTimeoutMs?: number | undefined;
  log: Logger;
  checks: Checks;
  metrics: Metrics;
}

export interface Gateway {
  app: HttpServer;
  /** Of all that is accepted. */
  intake: Pick<Intake<unknown>, 'close'>;
}

const API_INFO = {
  title: 'OrionTel',
  license: { name: 'MIT', identifier: 'MIT' },
  description:
    'The open back end of a telephone platform: CDRs in, stored once, found again; accounts, audit log, gateways, extensions and calls.',
  version: API_VERSION,
  tags: {
    CDRs: 'Call detail records: intake, what became of it, search',
    Tasks: 'Work on many CDRs at once, and what is done again and again',
    'Event logging': 'The audit log of what people and programs did',
    Logs: 'What systems log of an entity: a user, a device, a trunk …',
    Events: 'What happened to an entity, such as a registration, and whom it is told',
    Webhooks:
      "Where an organization is told of its events: each is a POST of Standard Webhooks (https://www.standardwebhooks.com), `{type, timestamp, data}`, signed with the webhook's secret, in order and until it is answered by 2xx",
    Entities: 'What an organization has besides users, extensions and gateways, and what it is called',
    Gateways: 'SIP gateways: how they are probed, what is reported of them, and how they are',
    'Bespoke data': 'Settings of an organization for its queue monitor and its notifier',
    'QR codes': 'Images of whatever text a client wants to show',
    PBX: 'Extensions, and calls while they go on',
    System: 'What hosts are busy with',
    Accounts: 'Users, organizations, sessions and API keys',
    Errors: 'For ingress controllers',
    Documentation: 'This document',
    Health: 'For whoever restarts processes and balances load',
  },
};

const allQueues = [
  cdrIntake.queue,
  cdrTaskQueue,
  recurringQueue,
  eventlogIntake.queue,
  logsIntake.queue,
  entityEventsIntake.queue,
  resultsIntake.queue,
  monitorTaskQueue,
];

/** The whole HTTP side, not yet listening. */
export async function buildGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, db, queues, limitRedis, passwords, host, qrDrawer, log, checks, metrics } = parts;
  const { importReader, importTimeoutMs = 10_000, notifyTimeoutMs = 2_000 } = parts;
  const app = createServer(log, { trustProxy: config.TRUST_PROXY });
  timeRequests(app, metrics);
  const documentation = await createDocumentation(app, API_INFO);
  const tokens = await createAccessTokens(app, config.JWT_SECRET, config.TOKEN_LIFETIME);
  const limits = rateLimitsOf(config);
  function onAway(err: Error) {
    return log.warn({ err: err.message }, 'Redis out of reach: each gateway keeps rate limits for itself');
  }
  guardRoutes(
    app,
    createAuthenticator(db, tokens),
    limits && (await createRateLimiter(app, { limits, redis: limitRedis, onRedisUnavailable: onAway })),
  );

  const intakeOptions = {
    graceSeconds: config.SWEEP_GRACE,
    onUndispatched(err: Error, rows: number) {
      return log.warn({ err: err.message, rows }, 'queue out of reach: accepted rows wait for the sweeper');
    },
  };
  function intakeOf<T>(kind: IntakeDefinition<T>): Intake<T> {
    return createIntake(db, kind, queues.producer(kind.queue), intakeOptions);
  }
  const intakes = {
    cdrs: intakeOf(cdrIntake),
    events: intakeOf(eventlogIntake),
    entityEvents: intakeOf(entityEventsIntake),
    gatewayResults: intakeOf(resultsIntake),
    logs: createPartsIntake(db, logsIntake, queues.producer(logsIntake.queue), intakeOptions),
  };
  async function regionOf(orgId: number) {
    return (await organizations(db).findRegions([orgId])).get(orgId) ?? config.DEFAULT_REGION;
  }
  const organizationExists = (orgId: number) => organizations(db).exists(orgId);

  await app.register(healthRoutes, { checks, log });
  await app.register(documentationRoutes, { read: documentation });
  await app.register(errorsRoute);
  await app.register(identityRoutes, {
    db,
    passwords,
    tokens,
    sessionLifetimeSeconds: config.SESSION_LIFETIME,
  });
  const munchers = queues.producer(cdrTaskQueue);
  const cdrJobs = queues.producer(cdrIntake.queue);
  await app.register(cdrRoutes, {
    db,
    intake: intakes.cdrs,
    cdrJobs,
    taskJobs: munchers,
    organizationExists,
    regionOf,
  });
  const names = { findUserNames: users(db).findDisplayNames, findEntityNames: entityNames(db) };
  await app.register(eventlogRoutes, { db, intake: intakes.events, organizationExists, names });
  await app.register(activityRoutes, {
    db,
    intake: intakes.logs,
    importReader,
    importTimeoutMs,
    eventsIntake: intakes.entityEvents,
    notifyTimeoutMs,
    organizationExists,
    owners: externalEntityOwners(db),
    countDeliveries: deliveries(db).countForEvent,
  });
  await app.register(notificationsRoutes, { db, organizationExists });
  await app.register(sipGatewayRoutes, { db, intake: intakes.gatewayResults, organizationExists });
  await app.register(recurringRoutes, { db });
  await app.register(bespokeRoutes, { db, organizationExists });
  await app.register(qrRoutes, { qrDrawer });
  await app.register(systemRoutes, { db, host, organizationExists });
  await app.register(pbxRoutes, { db, organizationExists, findFinishedLeg: findFinishedLeg(db, regionOf) });
  if (config.QUEUE_BOARD !== 'off') {
    const board = queues.board(allQueues);
    await app.register(queueBoard, {
      prefix: BOARD_PATH,
      mode: config.QUEUE_BOARD,
      board,
      db,
      passwords,
      tokens,
    });
  }
  const close = async () => void (await Promise.all(Object.values(intakes).map((intake) => intake.close())));
  return { app, intake: { close } };
}

async function healthRoutes(
  app: HttpServer,
  { checks, log }: { checks: Checks; log: Logger },
): Promise<void> {
  // Who asks whether it lives asks often, and a 429 would read as death.
  const config = { family: 'oriontel', access: 'anyone', limit: 'none' } as const;
  const schema = { tags: ['Health'], summary: 'Ask whether the process lives' };
  app.get('/healthz', { config, schema }, async () => envelope({ status: 'ok' }));
  const ready = { tags: ['Health'], summary: 'Ask whether it can take traffic' };
  app.get('/readyz', { config, schema: ready }, async () => {
    const readiness = await runChecks(checks, log);
    if (!readiness.ready) throw notReadyFailure(readiness);
    return envelope(readiness);
  });
}

function notReadyFailure({ checks }: Readiness): Failure {
  const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
  return new Failure('unavailable', `Not ready: ${failed.join(', ')}.`, { retryAfter: 2 });
}
