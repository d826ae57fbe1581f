import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readConfig } from '../config.ts';
import { freePorts } from '../process/choose-port.ts';
import { appProcesses } from '../start/app-processes.ts';
import { supervise } from '../supervise.ts';

export type AppStack = {
  baseUrl: string;
  /** By name, as they are now: a killed one is started again under another pid. */
  pids: () => Record<string, number>;
  ready: () => Promise<void>;
  stop: () => Promise<void>;
};

export type AppStackOptions = {
  databaseUrl: string;
  /** null: the queues lie in PostgreSQL. */
  redisUrl: string | null;
  env?: NodeJS.ProcessEnv;
  print?: (name: string, line: string) => void;
};

const built = (path: string): string => fileURLToPath(new URL(`../../../../dist/${path}`, import.meta.url));
const files = { gateway: built('apps/api-gateway/main.js'), worker: built('apps/cdr-worker/main.js') };

/** The built apps as real processes on stores that are there: what `npm start` supervises, without its stores. */
export const startAppStack = async (options: AppStackOptions): Promise<AppStack> => {
  const { databaseUrl, redisUrl, env = {}, print = () => {} } = options;
  const [port, gateway, worker] = await freePorts(3);
  const config = readConfig({ ...env, PORT: String(port), DATABASE_URL: databaseUrl });
  const stores = {
    database: { url: databaseUrl, kind: 'given' as const },
    queues: redisUrl ? { url: redisUrl, kind: 'given' as const } : null,
  };
  const processes = appProcesses({
    env,
    config,
    files,
    stores,
    jwtSecret: randomBytes(48).toString('base64'),
    adminPorts: { gateway: gateway!, worker: worker! },
  });
  const apps = await supervise(processes, { log: pino({ level: 'silent' }), print });
  await apps.ready();
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    pids: apps.pids,
    ready: () => apps.ready(),
    stop: () => apps.stop(),
  };
};
