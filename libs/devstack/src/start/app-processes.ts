import type { Config } from '../config.ts';
import type { AppProcess } from '../supervise/supervise-app.ts';
import type { Stores } from './start-stores.ts';

/** By the name of the process. */
export type AppFiles = Record<'gateway' | Worker, string>;
const workers = ['worker', 'eventlog-worker', 'gateway-monitor'] as const;
type Worker = (typeof workers)[number];

/** In the folder that every project is built into. */
export function appFiles(built: (path: string) => string): AppFiles {
  return {
    gateway: built('apps/api-gateway/main.js'),
    worker: built('apps/cdr-worker/main.js'),
    'eventlog-worker': built('apps/eventlog-worker/main.js'),
    'gateway-monitor': built('apps/gateway-monitor/main.js'),
  };
}

export type AdminPorts = Record<keyof AppFiles, number>;

/** One for each process, of as many free ports as there are of them. */
export function assignAdminPorts(ports: number[]): AdminPorts {
  const [gateway, ...others] = ports;
  const ofWorkers = workers.map((name, index) => [name, others[index]!]);
  return { gateway: gateway!, ...(Object.fromEntries(ofWorkers) as Record<Worker, number>) };
}
export const ADMIN_PORT_COUNT = workers.length + 1;

export type AppOptions = {
  env: NodeJS.ProcessEnv;
  config: Config;
  files: AppFiles;
  stores: Pick<Stores, 'database' | 'queues'>;
  jwtSecret: string;
  adminPorts: AdminPorts;
};

/** What each app is told. The rest of the environment passes through: the apps know more variables than this file. */
export function appProcesses(options: AppOptions): AppProcess[] {
  const { config, files, adminPorts } = options;
  const shared = sharedEnv(options);
  const gatewayEnv = { PORT: String(config.PORT), HOST: config.HOST, DEMO_DATA: config.DEMO_DATA };
  return [
    {
      name: 'gateway',
      file: files.gateway,
      env: { ...shared, ...gatewayEnv, ADMIN_PORT: String(adminPorts.gateway) },
      readyUrls: [
        readyzUrl('127.0.0.1', adminPorts.gateway),
        readyzUrl(reachableHost(config.HOST), config.PORT),
      ],
    },
    ...workers.map((name) => ({
      name,
      file: files[name],
      env: { ...shared, ADMIN_PORT: String(adminPorts[name]) },
      readyUrls: [readyzUrl('127.0.0.1', adminPorts[name])],
    })),
  ];
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
  // The gateway's alone: a worker that read them would take its port, or fill in demo data beside it.
  for (const name of ['PORT', 'HOST', 'DEMO_DATA']) delete shared[name];
  if (stores.queues) shared.REDIS_URL = stores.queues.url;
  else delete shared.REDIS_URL;
  return shared;
}

/** An address to call for one to listen on: 0.0.0.0 and :: are everywhere and nowhere. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

const readyzUrl = (host: string, port: number): string => `http://${host}:${port}/readyz`;
