import { fileURLToPath } from 'node:url';
import { createImportReader } from '@oriontel/activity';
import type { BatchReader } from '@oriontel/cdr';
import { awaitDatabase, createDatabase, pingDatabase } from '@oriontel/database';
import { ensureAdmin, createPasswordHasher } from '@oriontel/identity';
import { createQrDrawer } from '@oriontel/qrcode';
import { chooseQueueStore, connectQueues } from '@oriontel/queues';
import {
  createBodyReader,
  runProcess,
  connectLimitRedis,
  createLogger,
  createMetrics,
  startAdminServer,
} from '@oriontel/service';
import { startHostSampler } from '@oriontel/system';
import { buildGateway } from './build-gateway.ts';
import { readGatewayConfig } from './config.ts';
import { seedDemoData } from './demo-data.ts';

/** How long the start waits for the database. */
const DATABASE_TIMEOUT_MS = 15_000;

const log = createLogger('gateway', process.env['LOG_LEVEL'] ?? 'info');

await runProcess(log, async (shutdown) => {
  const config = readGatewayConfig(process.env);
  const db = createDatabase({ url: config.DATABASE_URL, name: 'api-gateway' });
  shutdown.add('database', () => db.$disconnect());
  await awaitDatabase(db, DATABASE_TIMEOUT_MS);

  const store = chooseQueueStore(config);
  const queues = await connectQueues(store, (err) =>
    log.warn({ err: err.message }, 'queue connection failed'),
  );
  shutdown.add('queues', () => queues.close(0));

  const limitRedis = config.REDIS_URL ? connectLimitRedis(config.REDIS_URL) : undefined;
  shutdown.add('rate limits', async () => limitRedis?.disconnect());

  const host = startHostSampler({ onError: (err) => log.warn({ err }, 'host metrics unavailable') });
  shutdown.add('host sampler', async () => host.close());

  const qrDrawer = createQrDrawer(fileURLToPath(new URL('../../libs/qrcode/draw.main.js', import.meta.url)));
  shutdown.add('QR drawer', () => qrDrawer.close());

  const readImport = new URL('../../libs/activity/read-import.main.js', import.meta.url);
  const importReader = createImportReader(fileURLToPath(readImport));
  shutdown.add('import reader', () => importReader.close());

  const readBatch = new URL('../../libs/cdr/read-batch.main.js', import.meta.url);
  const batchReader: BatchReader = createBodyReader(fileURLToPath(readBatch));
  shutdown.add('batch reader', () => batchReader.close());

  const passwords = createPasswordHasher();
  const { ADMIN_USERNAME, ADMIN_PASSWORD, ADMIN_EMAIL } = config;
  if (ADMIN_USERNAME && ADMIN_PASSWORD) {
    await ensureAdmin(db, passwords)(
      ADMIN_USERNAME,
      ADMIN_EMAIL ?? `${ADMIN_USERNAME}@localhost`,
      ADMIN_PASSWORD,
    );
  }
  if (config.DEMO_DATA === 'on') await seedDemoData(db);

  // The gateway is ready without queues: accepted rows are in the database, and a sweeper dispatches them.
  const metrics = createMetrics();
  const checks = { database: () => pingDatabase(db) };
  const gateway = await buildGateway({
    config,
    db,
    queues,
    limitRedis,
    passwords,
    host,
    qrDrawer,
    importReader,
    batchReader,
    log,
    checks,
    metrics,
  });
  shutdown.add('intake', () => gateway.intake.close());

  const admin = { host: config.ADMIN_HOST, port: config.ADMIN_PORT };
  shutdown.add('admin port', await startAdminServer({ log, ...admin, checks, metrics }));
  await gateway.app.listen({ host: config.HOST, port: config.PORT });
  shutdown.add('HTTP server', () => gateway.app.close());
  log.info({ host: config.HOST, port: config.PORT, queues: store.kind }, 'listening');
});
