import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readConfig } from './config.ts';
import { ensureDataDir } from './ensure-data-dir.ts';
import { freePorts } from './process/choose-port.ts';
import { ensureSecret } from './process/ensure-secret.ts';
import { ADMIN_PORT_COUNT, assignAdminPorts, appFiles, appProcesses } from './start/app-processes.ts';
import { banner } from './start/banner.ts';
import { checkPort } from './start/check-port.ts';
import { createCloseStack } from './start/create-close-stack.ts';
import { lockDataDir } from './start/lock-data-dir.ts';
import { migrate } from './start/migrate.ts';
import { startStores } from './start/start-stores.ts';
import { StopRequested, stopSignals } from './start/stop-signals.ts';
import { supervise } from './supervise.ts';
import { createPrettyPrinter } from './supervise/pretty-lines.ts';

// Beside this file in dist/, where every project is built.
const built = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const files = appFiles(built);

const print = createPrettyPrinter(process.stdout, process.stdout.isTTY && !process.env.NO_COLOR);
const log = pino({ base: undefined }, { write: (line: string) => print('stack', line) });
const opened = createCloseStack((err) => log.error({ err }, 'could not be closed'));

async function run(signal: AbortSignal): Promise<void> {
  const config = readConfig(process.env);
  log.level = config.LOG_LEVEL;
  const dataDir = resolve(config.DATA_DIR);
  await ensureDataDir(dataDir);
  opened.add(await lockDataDir(dataDir));
  await checkPort(config.PORT, config.HOST);

  const stores = await startStores({ config, dataDir, log, signal });
  opened.add(stores.stop, 1_500);
  const migrateEnv = { ...process.env, DATABASE_URL: stores.database.url };
  await migrate({ file: built('libs/database/migrate.main.js'), env: migrateEnv, print, signal });

  const jwtSecret = config.JWT_SECRET ?? (await ensureSecret(join(dataDir, 'jwt-secret')));
  const adminPorts = assignAdminPorts(await freePorts(ADMIN_PORT_COUNT));
  const processes = appProcesses({ env: process.env, config, files, stores, jwtSecret, adminPorts });
  signal.throwIfAborted();
  const apps = await supervise(processes, { log, print });
  opened.add(apps.stop, 3_500);
  await apps.ready(signal);
  process.stdout.write(banner(config, stores));
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

function reportFailure(error: unknown): void {
  process.exitCode = 1;
  process.stderr.write(`OrionTel: ${error instanceof Error ? error.message : String(error)}\n`);
}

const stop = stopSignals(process, () => {
  reportFailure(new Error('Not waiting any longer.'));
  void opened.close(0);
});
process.on('uncaughtException', (error) => stop.abort(error));
// A terminal that was closed can no longer be written to; that must not keep us from stopping what we started.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

await run(stop.signal).catch((error: unknown) => {
  const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
  if (!(cause instanceof StopRequested)) reportFailure(cause);
});
await opened.close(9_500);
process.exit();
