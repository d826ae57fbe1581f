import { entityEventsIntake, entityNames, logsIntake, type ImportReader } from '@oriontel/activity';
import { activityRoutes } from '@oriontel/activity/http';
import { bespokeRoutes } from '@oriontel/bespoke/http';
import { cdrIntake, findFinishedLeg, cdrTaskQueue, type BatchReader } from '@oriontel/cdr';
import { cdrRoutes } from '@oriontel/cdr/http';
import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { eventlogIntake } from '@oriontel/eventlog';
import { eventlogRoutes } from '@oriontel/eventlog/http';
import {
  createOrganizationChecker,
  createAuthenticator,
  createAccessTokens,
  createSignInThrottle,
  organizations,
  users,
  type PasswordHasher,
} from '@oriontel/identity';
import { identityRoutes } from '@oriontel/identity/http';
import {
  createIntake,
  createPartsIntake,
  intakeRows,
  type Intake,
  type IntakeDefinition,
} from '@oriontel/intake';
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
  limitBodyMemory,
  createDocumentation,
  createObservableGauge,
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
  batchReader: BatchReader;
  /** How long a log import waits to be stored. @default 10,000 */
  importTimeoutMs?: number | undefined;
  /** How long an event waits until its deliveries are created. @default 2,000 */
  notifyTimeoutMs?: number | undefined;
  log: Logger;
  checks: Checks;
  metrics: Metrics;
}

export interface Gateway {
  app: HttpServer;
  /** Closes the intakes of all routes. */
  intake: Pick<Intake<unknown>, 'close'>;
}

const API_INFO = {
  title: 'OrionTel',
  license: { name: 'MIT', identifier: 'MIT' },
  description:
    'Open-source back end of a telephony platform: CDR ingestion and search, accounts, audit log, ' +
    'SIP gateways, extensions and calls.',
  version: API_VERSION,
  tags: {
    CDRs: 'Call detail records: ingestion, batch status, search, export and summary',
    Tasks: 'Batch jobs on stored CDRs, and the status of recurring tasks',
    'Event logging': 'Audit log of the actions of users and systems',
    Logs: 'Log lines of an entity, such as a user, a device or a trunk',
    Events: 'Events of an entity, such as a registration, and their notifications',
    Webhooks:
      'Deliver the events of an organization by POST as `{type, timestamp, data}`, signed with the secret ' +
      'of the webhook (Standard Webhooks, https://www.standardwebhooks.com), in order, until a 2xx response',
    Entities: 'Named objects of an organization other than users, extensions and gateways',
    Gateways: 'SIP gateways: probe settings, reported results and status',
    'Bespoke data': 'Queue monitor and notifier settings of an organization',
    'QR codes': 'QR code images of a text',
    PBX: 'Extensions and active calls',
    System: 'CPU, memory and disk usage of hosts',
    Accounts: 'Users, organizations, sessions and API keys',
    Errors: 'Error pages for ingress controllers',
    Documentation: 'This document',
    Health: 'Liveness and readiness for orchestrators and load balancers',
  },
};

/** The queues that the queue board shows. */
const BOARD_QUEUES = [
  cdrIntake.queue,
  cdrTaskQueue,
  recurringQueue,
  eventlogIntake.queue,
  logsIntake.queue,
  entityEventsIntake.queue,
  resultsIntake.queue,
  monitorTaskQueue,
];

/** Four of the largest bodies at once, two of one sender. */
const BODY_MEMORY = { totalBytes: 128 * 1024 * 1024, perSenderBytes: 64 * 1024 * 1024 };

/** Builds the HTTP server with all routes; it does not listen yet. */
export async function buildGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, db, queues, limitRedis, passwords, host, qrDrawer, log, checks, metrics } = parts;
  const { importReader, importTimeoutMs = 10_000, notifyTimeoutMs = 2_000 } = parts;
  const app = createServer(log, { trustProxy: config.TRUST_PROXY });
  timeRequests(app, metrics);
  const documentation = await createDocumentation(app, API_INFO);
  const tokens = await createAccessTokens(app, config.JWT_SECRET, config.TOKEN_LIFETIME);
  const throttle = createSignInThrottle();
  const limits = rateLimitsOf(config);
  function onRedisUnavailable(err: Error) {
    log.warn({ err: err.message }, 'Redis unavailable; each gateway counts rate limits by itself');
  }
  guardRoutes(
    app,
    createAuthenticator(db, tokens),
    limits && (await createRateLimiter(app, { limits, redis: limitRedis, onRedisUnavailable })),
  );
  limitBodyMemory(app, BODY_MEMORY);

  const intakeOptions = {
    graceSeconds: config.SWEEP_GRACE,
    onUndispatched(err: Error, rows: number) {
      log.warn({ err: err.message, rows }, 'queue unavailable; accepted rows wait for the sweeper');
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
  const organizationExists = createOrganizationChecker(db);

  const oldestPendingSeconds = () => intakeRows(db).oldestAgeSeconds();
  createObservableGauge(
    metrics,
    'oriontel_intake_oldest_seconds',
    'Age of the oldest accepted value that is not stored yet',
    oldestPendingSeconds,
  );
  await app.register(healthRoutes, { checks, log, oldestPendingSeconds });
  await app.register(documentationRoutes, { read: documentation });
  await app.register(errorsRoute);
  await app.register(identityRoutes, {
    db,
    passwords,
    throttle,
    tokens,
    sessionLifetimeSeconds: config.SESSION_LIFETIME,
  });
  await app.register(cdrRoutes, {
    db,
    intake: intakes.cdrs,
    batchReader: parts.batchReader,
    cdrJobs: queues.producer(cdrIntake.queue),
    taskJobs: queues.producer(cdrTaskQueue),
    organizationExists,
    regionOf,
  });
  await app.register(eventlogRoutes, {
    db,
    intake: intakes.events,
    organizationExists,
    names: {
      findUserNames: (orgId, ids) => users(db).findDisplayNames(orgId, ids),
      findEntityNames: entityNames(db),
    },
  });
  await app.register(activityRoutes, {
    db,
    intake: intakes.logs,
    importReader,
    importTimeoutMs,
    eventsIntake: intakes.entityEvents,
    notifyTimeoutMs,
    organizationExists,
    owners: externalEntityOwners(db),
    countDeliveries: (orgId, eventId) => deliveries(db).countForEvent(orgId, eventId),
  });
  await app.register(notificationsRoutes, { db, organizationExists });
  await app.register(sipGatewayRoutes, { db, intake: intakes.gatewayResults, organizationExists });
  await app.register(recurringRoutes, { db });
  await app.register(bespokeRoutes, { db, organizationExists });
  await app.register(qrRoutes, { qrDrawer });
  await app.register(systemRoutes, { db, host, organizationExists });
  await app.register(pbxRoutes, { db, organizationExists, findFinishedLeg: findFinishedLeg(db, regionOf) });
  if (config.QUEUE_BOARD !== 'off') {
    const board = queues.board(BOARD_QUEUES);
    await app.register(queueBoard, {
      prefix: BOARD_PATH,
      mode: config.QUEUE_BOARD,
      board,
      db,
      passwords,
      throttle,
      tokens,
    });
  }
  const close = async () => void (await Promise.all(Object.values(intakes).map((intake) => intake.close())));
  return { app, intake: { close } };
}

interface HealthRoutes {
  checks: Checks;
  log: Logger;
  /** Age of the oldest accepted value that is not stored yet. */
  oldestPendingSeconds: () => Promise<number>;
}

async function healthRoutes(
  app: HttpServer,
  { checks, log, oldestPendingSeconds }: HealthRoutes,
): Promise<void> {
  // Probes are frequent, and a 429 would count as a failure.
  const config = { family: 'oriontel', access: 'anyone', limit: 'none' } as const;
  const schema = { tags: ['Health'], summary: 'Check liveness' };
  app.get('/healthz', { config, schema }, async () => envelope({ status: 'ok' }));
  const ready = { tags: ['Health'], summary: 'Check readiness' };
  app.get('/readyz', { config, schema: ready }, async () => {
    const readiness = await runChecks(checks, log);
    if (!readiness.ready) throw notReadyFailure(readiness);
    return envelope({ ...readiness, oldest_pending_seconds: Math.round(await oldestPendingSeconds()) });
  });
}

function notReadyFailure({ checks }: Readiness): Failure {
  const failed = Object.keys(checks).filter((name) => checks[name] === 'failed');
  return new Failure('unavailable', `Not ready: ${failed.join(', ')}.`, { retryAfter: 2 });
}
