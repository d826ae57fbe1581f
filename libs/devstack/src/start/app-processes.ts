import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { AppProcess } from '../supervise/supervise-app.ts';
import type { Stores } from './start-stores.ts';

const WORKERS = ['worker', 'eventlog-worker', 'gateway-monitor'] as const;
type Worker = (typeof WORKERS)[number];
/** The name of a process in logs. */
export type AppName = 'gateway' | Worker;
const APP_NAMES: readonly AppName[] = ['gateway', ...WORKERS];

/**
 * The young generation of V8's heap is up to three semi-spaces and stays resident after the first load. V8's
 * default is 16 MiB; the last two processes allocate little.
 */
const MAX_SEMI_SPACE_MEBIBYTES: Record<AppName, number> = {
  gateway: 8,
  worker: 8,
  'eventlog-worker': 2,
  'gateway-monitor': 2,
};

export type AppFiles = Record<AppName, string>;

/** The bundled program of each app. */
export function appFiles(distDir: string): AppFiles {
  return {
    gateway: join(distDir, 'apps/api-gateway/main.js'),
    worker: join(distDir, 'apps/cdr-worker/main.js'),
    'eventlog-worker': join(distDir, 'apps/eventlog-worker/main.js'),
    'gateway-monitor': join(distDir, 'apps/gateway-monitor/main.js'),
  };
}

export type AdminPorts = Record<AppName, number>;
export const ADMIN_PORT_COUNT = APP_NAMES.length;

/** Assigns one of `ADMIN_PORT_COUNT` free ports to each app. */
export function assignAdminPorts(ports: number[]): AdminPorts {
  return Object.fromEntries(APP_NAMES.map((name, index) => [name, ports[index]!])) as AdminPorts;
}

export type AppOptions = {
  env: NodeJS.ProcessEnv;
  config: Config;
  files: AppFiles;
  stores: Pick<Stores, 'database' | 'queues'>;
  jwtSecret: string;
  adminPorts: AdminPorts;
};

/** The command and the environment of each app. Variables unknown to this file are passed through. */
export function appProcesses(options: AppOptions): AppProcess[] {
  const { config, files, adminPorts } = options;
  const shared = sharedEnv(options);
  const gatewayEnv = { PORT: String(config.PORT), HOST: config.HOST, DEMO_DATA: config.DEMO_DATA };
  return APP_NAMES.map((name, index) => ({
    name,
    file: files[name],
    nodeArgs: [
      `--max-semi-space-size=${MAX_SEMI_SPACE_MEBIBYTES[name]}`,
      ...(config.INSPECT === undefined ? [] : [`--inspect=127.0.0.1:${config.INSPECT + index}`]),
    ],
    env: { ...shared, ...(name === 'gateway' && gatewayEnv), ADMIN_PORT: String(adminPorts[name]) },
    readyUrls: [
      readyzUrl('127.0.0.1', adminPorts[name]),
      ...(name === 'gateway' ? [readyzUrl(reachableHost(config.HOST), config.PORT)] : []),
    ],
  }));
}

function sharedEnv(options: AppOptions): NodeJS.ProcessEnv {
  const { env, config, stores } = options;
  const shared: NodeJS.ProcessEnv = {
    ...env,
    ADMIN_HOST: '127.0.0.1',
    DATABASE_URL: stores.database.url,
    JWT_SECRET: options.jwtSecret,
    LOG_LEVEL: config.LOG_LEVEL,
    RATE_LIMITS: config.RATE_LIMITS,
    PROBE_ALLOW_PRIVATE: config.PROBE_ALLOW_PRIVATE,
  };
  for (const name of ['PORT', 'HOST', 'DEMO_DATA']) delete shared[name];
  if (stores.queues) shared.REDIS_URL = stores.queues.url;
  else delete shared.REDIS_URL;
  return shared;
}

/** The host part of a URL for a listen address: the wildcard addresses 0.0.0.0 and :: become loopback. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

const readyzUrl = (host: string, port: number): string => `http://${host}:${port}/readyz`;
