import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { readConfig } from '../config.ts';
import { freePorts } from '../process/choose-port.ts';
import { ADMIN_PORT_COUNT, assignAdminPorts, appFiles, appProcesses } from '../start/app-processes.ts';
import { supervise } from '../supervise.ts';

export type AppStack = {
  baseUrl: string;
  /** One for each gateway; the first is `baseUrl`. */
  baseUrls: string[];
  /** Prometheus metrics of the first gateway. */
  metricsUrl: string;
  /** Current pids by name; a restarted app has another pid. */
  pids: () => Record<string, number>;
  ready: () => Promise<void>;
  stop: () => Promise<void>;
};

export type AppStackOptions = {
  databaseUrl: string;
  /** null: the queues use PostgreSQL. */
  redisUrl: string | null;
  env?: NodeJS.ProcessEnv;
  /** The folder of the built programs. @default dist of this repository */
  dist?: string;
  /** Number of gateways. @default 1 */
  gateways?: number;
  print?: (name: string, line: string) => void;
};

const DIST = fileURLToPath(new URL('../../../../dist', import.meta.url));

/** Runs the built apps as processes on existing stores: `npm start` without its stores. */
export async function startAppStack(options: AppStackOptions): Promise<AppStack> {
  const { databaseUrl, redisUrl, env = {}, dist = DIST, gateways = 1, print = () => {} } = options;
  const files = appFiles(dist);
  const stores = {
    database: { url: databaseUrl, kind: 'external' as const },
    queues: redisUrl ? { url: redisUrl, kind: 'external' as const } : null,
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
    metricsUrl: `http://127.0.0.1:${gatewayPorts[0]}/metrics`,
    pids: apps.pids,
    ready: () => apps.ready(),
    stop: () => apps.stop(),
  };
}
