import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { pino, type Logger } from 'pino';
import { readConfig } from './config.ts';
import { ensureDataDir } from './ensure-data-dir.ts';
import type { Log } from './log.ts';
import { freePorts } from './process/choose-port.ts';
import { ensureSecret } from './process/ensure-secret.ts';
import { ADMIN_PORT_COUNT, assignAdminPorts, appFiles, appProcesses } from './start/app-processes.ts';
import { banner } from './start/banner.ts';
import { checkPort } from './start/check-port.ts';
import { createCloseStack, type CloseStack } from './start/create-close-stack.ts';
import { lockDataDir } from './start/lock-data-dir.ts';
import { migrate } from './start/migrate.ts';
import { startStores } from './start/start-stores.ts';
import { StopRequested, stopSignals } from './start/stop-signals.ts';
import { supervise, type AppSupervisor } from './supervise.ts';
import { createPrettyPrinter, type Print } from './supervise/pretty-lines.ts';

export type StackOptions = {
  env: NodeJS.ProcessEnv;
  /** The folder that contains the bundled programs: `<distDir>/apps/<app>/main.js`. */
  distDir: string;
  /** Called once, when every app is ready. */
  onReady?: (apps: AppSupervisor, log: Log) => void;
};

type Run = StackOptions & { print: Print; log: Logger; closeStack: CloseStack; signal: AbortSignal };

/** Time from the stop signal until everything is closed or killed. */
const CLOSE_TIMEOUT_MS = 9_500;

/**
 * Runs the stores, the migrations and the apps until SIGINT, SIGTERM or SIGHUP, then closes everything. Sets
 * `process.exitCode` to 1 after a failure. Call `process.exit()` when it resolves: sockets may still be open.
 */
export async function runStack(options: StackOptions): Promise<void> {
  const print = createPrettyPrinter(process.stdout, process.stdout.isTTY && !options.env['NO_COLOR']);
  const log = pino({ base: undefined }, { write: (line: string) => print('stack', line) });
  const closeStack = createCloseStack((err) => log.error({ err }, 'close failed'));
  const stop = stopSignals(process, function stopAtOnce() {
    reportFailure(new Error('Stopped before every process had ended.'));
    void closeStack.close(0);
  });
  process.on('uncaughtException', (error) => stop.abort(error));
  // Writing to a closed terminal fails; that must not prevent the shutdown.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

  const { signal } = stop;
  await runUntilStopped({ ...options, print, log, closeStack, signal }).catch((error: unknown) => {
    const cause: unknown = signal.aborted ? signal.reason : error;
    if (!(cause instanceof StopRequested)) reportFailure(cause);
  });
  await closeStack.close(CLOSE_TIMEOUT_MS);
}

/** Always rejects: with the reason of the stop, or with the failure. */
async function runUntilStopped({
  env,
  distDir,
  onReady,
  print,
  log,
  closeStack,
  signal,
}: Run): Promise<never> {
  const config = readConfig(env);
  log.level = config.LOG_LEVEL;
  const dataDir = resolve(config.DATA_DIR);
  await ensureDataDir(dataDir);
  closeStack.add(await lockDataDir(dataDir));
  await checkPort(config.PORT, config.HOST);

  const stores = await startStores({ config, dataDir, log, signal });
  closeStack.add(stores.stop, 1_500);
  const migrateEnv = { ...env, DATABASE_URL: stores.database.url };
  await migrate({ file: join(distDir, 'libs/database/migrate.main.js'), env: migrateEnv, print, signal });

  const jwtSecret = config.JWT_SECRET ?? (await ensureSecret(join(dataDir, 'jwt-secret')));
  const adminPorts = assignAdminPorts(await freePorts(ADMIN_PORT_COUNT));
  const files = appFiles(distDir);
  const processes = appProcesses({ env, config, files, stores, jwtSecret, adminPorts });
  signal.throwIfAborted();
  const apps = await supervise(processes, { log, print });
  closeStack.add(apps.stop, 3_500);
  await apps.ready(signal);
  process.stdout.write(banner(config, stores));
  onReady?.(apps, log);
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

function reportFailure(error: unknown): void {
  process.exitCode = 1;
  process.stderr.write(`OrionTel: ${error instanceof Error ? error.message : String(error)}\n`);
}
