import { fileURLToPath } from 'node:url';
import { openImportReader } from '@oriontel/activity';
import { openDatabase, pingDatabase } from '@oriontel/database';
import { ensureAdmin, openPasswords } from '@oriontel/identity';
import { openQrDrawer } from '@oriontel/qrcode';
import { chooseQueueStore, openQueues } from '@oriontel/queues';
import { live, openLimitRedis, openLog, openMetrics, startAdminServer } from '@oriontel/service';
import { openHostSampler } from '@oriontel/system';
import { buildGateway } from './build-gateway.ts';
import { readGatewayConfig } from './config.ts';
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

  const limitRedis = config.REDIS_URL ? openLimitRedis(config.REDIS_URL) : undefined;
  closing.add('rate limits', async () => limitRedis?.disconnect());

  const host = openHostSampler({ onError: (err) => log.warn({ err }, 'the host cannot be sampled') });
  closing.add('host sampler', async () => host.close());

  const qrDrawer = openQrDrawer(fileURLToPath(new URL('../../libs/qrcode/draw.main.js', import.meta.url)));
  closing.add('QR drawer', () => qrDrawer.close());

  const readImport = new URL('../../libs/activity/read-import.main.js', import.meta.url);
  const importReader = openImportReader(fileURLToPath(readImport));
  closing.add('import reader', () => importReader.close());

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

  // Ready without its queue: what it accepts is safe in the database, and swept from there.
  const metrics = openMetrics();
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
    log,
    checks,
    metrics,
  });
  closing.add('intake', () => gateway.intake.close());

  const admin = { host: config.ADMIN_HOST, port: config.ADMIN_PORT };
  closing.add('admin port', await startAdminServer({ log, ...admin, checks, metrics }));
  await gateway.app.listen({ host: config.HOST, port: config.PORT });
  closing.add('HTTP server', () => gateway.app.close());
  log.info({ host: config.HOST, port: config.PORT, queues: store.kind }, 'listening');
});
