import { openDatabase, pingDatabase } from '@oriontel/database';
import { ensureAdmin, openPasswords } from '@oriontel/identity';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import { live, openLimitRedis, openLog, openMetrics, startAdminServer } from '@oriontel/service';
import { buildGateway } from './build-gateway.ts';
import { limitsOf, readGatewayConfig } from './config.ts';
import { seedDemoData } from './demo-data.ts';

const log = openLog('gateway', process.env['LOG_LEVEL'] ?? 'info');

await live(log, async (closing) => {
  const config = readGatewayConfig(process.env);
  const db = openDatabase({ url: config.DATABASE_URL, name: 'api-gateway' });
  closing.add('database', () => db.$disconnect());
  await pingDatabase(db);

  const store = chooseQueueStore(config);
  const queues = await openQueues(store, (err) => log.warn({ err: err.message }, 'queue connection'));
  closing.add('queues', () => queues.close(0));

  const passwords = openPasswords();
  const { ADMIN_USERNAME, ADMIN_PASSWORD, ADMIN_EMAIL } = config;
  if (ADMIN_USERNAME && ADMIN_PASSWORD) {
    await ensureAdmin(db, passwords)(
      ADMIN_USERNAME,
      ADMIN_EMAIL ?? `${ADMIN_USERNAME}@localhost`,
      ADMIN_PASSWORD,
    );
  }
  if (config.DEMO_DATA === 'on') await seedDemoData(db);

  const limits = limitsOf(config);
  const redis = limits && config.REDIS_URL ? openLimitRedis(config.REDIS_URL) : undefined;
  if (redis) closing.add('rate limits', async () => redis.disconnect());

  // Ready without its queue: what it accepts is safe in the database, and swept from there.
  const metrics = openMetrics();
  const checks = { database: () => pingDatabase(db) };
  const {
    JWT_SECRET: jwtSecret,
    TOKEN_LIFETIME: tokenLifetime,
    SESSION_LIFETIME: sessionLifetime,
    DEFAULT_REGION: defaultRegion,
    SWEEP_GRACE: sweepGrace,
    TRUST_PROXY: trustProxy,
  } = config;
  const gateway = await buildGateway({
    db,
    queues,
    passwords,
    jwtSecret,
    tokenLifetime,
    sessionLifetime,
    defaultRegion,
    sweepGrace,
    log,
    checks,
    metrics,
    rateLimits: limits && { limits, redis },
    trustProxy,
  });
  closing.add('intake', () => gateway.intake.close());

  const { ADMIN_HOST: host, ADMIN_PORT: port } = config;
  closing.add('admin port', await startAdminServer({ log, host, port, checks, metrics }));
  await gateway.app.listen({ host: config.HOST, port: config.PORT });
  closing.add('HTTP server', () => gateway.app.close());
  log.info({ host: config.HOST, port: config.PORT, queues: store.kind }, 'listening');
});
