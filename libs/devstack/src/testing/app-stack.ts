import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readConfig } from '../config.ts';
import { freePorts } from '../process/choose-port.ts';
import { ADMIN_PORT_COUNT, assignAdminPorts, appFiles, appProcesses } from '../start/app-processes.ts';
import { supervise } from '../supervise.ts';

export type AppStack = {
  baseUrl: string;
  /** Of each gateway; the first is `baseUrl`. */
  baseUrls: string[];
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
  /** How many, beside each other. */
  gateways?: number;
  print?: (name: string, line: string) => void;
};

const files = appFiles(fileURLToPath(new URL('../../../../dist', import.meta.url)));

/** The built apps as real processes on stores that are there: what `npm start` supervises, without its stores. */
export async function startAppStack(options: AppStackOptions): Promise<AppStack> {
  const { databaseUrl, redisUrl, env = {}, gateways = 1, print = () => {} } = options;
  const stores = {
    database: { url: databaseUrl, kind: 'given' as const },
    queues: redisUrl ? { url: redisUrl, kind: 'given' as const } : null,
  };
  const ports = await freePorts(2 * gateways + ADMIN_PORT_COUNT);
  const publicPorts = ports.splice(0, gateways);
  const gatewayPorts = ports.splice(0, gateways);
  const adminPorts = assignAdminPorts(ports);
  const jwtSecret = randomBytes(48).toString('base64');
  const [first, ...others] = publicPorts.map((port, index) =>
    appProcesses({
      env,
      config: readConfig({ ...env, PORT: String(port), DATABASE_URL: databaseUrl }),
      files,
      stores,
      jwtSecret,
      adminPorts: { ...adminPorts, gateway: gatewayPorts[index]! },
    }),
  );
  const moreGateways = others.flatMap((processes, index) =>
    processes
      .filter(({ name }) => name === 'gateway')
      .map((gateway) => ({ ...gateway, name: `gateway-${index + 2}` })),
  );
  const apps = await supervise([...first!, ...moreGateways], { log: pino({ level: 'silent' }), print });
  await apps.ready();
  const baseUrls = publicPorts.map((port) => `http://127.0.0.1:${port}`);
  return {
    baseUrl: baseUrls[0]!,
    baseUrls,
    pids: apps.pids,
    ready: () => apps.ready(),
    stop: () => apps.stop(),
  };
}
