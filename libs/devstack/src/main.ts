import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readConfig } from './config.ts';
import { openDataDir } from './open-data-dir.ts';
import { freePorts } from './process/choose-port.ts';
import { keepSecret } from './process/keep-secret.ts';
import { ADMIN_PORTS, adminPortsOf, appFiles, appProcesses } from './start/app-processes.ts';
import { banner } from './start/banner.ts';
import { checkPort } from './start/check-port.ts';
import { closeInReverse } from './start/close-in-reverse.ts';
import { lockDataDir } from './start/lock-data-dir.ts';
import { migrate } from './start/migrate.ts';
import { openStores } from './start/open-stores.ts';
import { StopRequested, stopSignals } from './start/stop-signals.ts';
import { supervise } from './supervise.ts';
import { prettyPrint } from './supervise/pretty-lines.ts';

// Beside this file in dist/, where every project is built.
const built = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const files = appFiles(built);

const print = prettyPrint(process.stdout, process.stdout.isTTY && !process.env.NO_COLOR);
const log = pino({ base: undefined }, { write: (line: string) => print('stack', line) });
const opened = closeInReverse((err) => log.error({ err }, 'could not be closed'));

const run = async (signal: AbortSignal): Promise<void> => {
  const config = readConfig(process.env);
  log.level = config.LOG_LEVEL;
  const dataDir = resolve(config.DATA_DIR);
  await openDataDir(dataDir);
  opened.add(await lockDataDir(dataDir));
  await checkPort(config.PORT, config.HOST);

  const stores = await openStores({ config, dataDir, log, signal });
  opened.add(stores.stop, 1_500);
  const migrateEnv = { ...process.env, DATABASE_URL: stores.database.url };
  await migrate({ file: built('libs/database/migrate.main.js'), env: migrateEnv, print, signal });

  const jwtSecret = config.JWT_SECRET ?? (await keepSecret(join(dataDir, 'jwt-secret')));
  const adminPorts = adminPortsOf(await freePorts(ADMIN_PORTS));
  const processes = appProcesses({ env: process.env, config, files, stores, jwtSecret, adminPorts });
  signal.throwIfAborted();
  const apps = await supervise(processes, { log, print });
  opened.add(apps.stop, 3_500);
  await apps.ready(signal);
  process.stdout.write(banner(config, stores));
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
};

const failed = (error: unknown): void => {
  process.exitCode = 1;
  process.stderr.write(`OrionTel: ${error instanceof Error ? error.message : String(error)}\n`);
};

const stop = stopSignals(process, () => {
  failed(new Error('Not waiting any longer.'));
  void opened.close(0);
});
process.on('uncaughtException', (error) => stop.abort(error));
// A terminal that was closed can no longer be written to; that must not keep us from stopping what we started.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

await run(stop.signal).catch((error: unknown) => {
  const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
  if (!(cause instanceof StopRequested)) failed(cause);
});
await opened.close(9_500);
process.exit();
