import { z } from 'zod';

function urlWithProtocol(protocol: RegExp, example: string) {
  return z.url({ protocol, error: `must be a URL like ${example}` }).optional();
}

const Port = z.coerce.number().int().min(1).max(65_535);
const OnOff = z.enum(['on', 'off']);

/** Read by `npm start` and `npm run dev`. The apps read further variables, which are passed through. */
export const StackSettings = z.object({
  PORT: Port.default(3000).describe('Port that the API gateway listens on.'),
  // The first caller of a new stack may register as admin: listening on other interfaces is a deliberate
  // choice.
  HOST: z.string().default('127.0.0.1').describe('Address that the API gateway listens on.'),
  DATA_DIR: z
    .string()
    .default('.oriontel')
    .describe(
      'Folder of the embedded PostgreSQL and Redis and of the generated secrets; one stack per folder.',
    ),
  DATABASE_URL: urlWithProtocol(/^postgres(ql)?$/, 'postgresql://user@host/database').meta({
    description:
      'PostgreSQL database (tested with 18). Without `npm start`, run `npm run db:migrate` after each ' +
      'update.',
    defaultText: '`npm start`: embedded; each app: required',
  }),
  REDIS_URL: urlWithProtocol(/^rediss?$/, 'redis://host:6379').meta({
    description: 'Redis or Valkey for the queues, with `appendonly yes` and `maxmemory-policy noeviction`.',
    defaultText: '`npm start`: an embedded redis-server if one is on PATH; else the queues use PostgreSQL',
  }),
  DEMO_DATA: OnOff.optional().meta({
    description: 'Creates a demo organization at start.',
    defaultText: '`on` with the embedded database, else `off`',
  }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Lowest level that is logged; `debug` logs every request.'),
  JWT_SECRET: z.string().optional().meta({
    description:
      'Signs access tokens; at least 32 characters, the same for every gateway: `openssl rand -base64 48`.',
    defaultText: '`npm start`: generated, kept in DATA_DIR; each gateway: required',
  }),
  RATE_LIMITS: OnOff.default('on').describe('`off` disables all rate limits.'),
  PROBE_ALLOW_PRIVATE: OnOff.optional().meta({
    description: 'Allows probing SIP gateways at private, loopback and other special addresses.',
    defaultText: '`on` with the embedded database, else `off`',
  }),
  INSPECT: Port.max(65_535 - 8)
    .optional()
    .describe('First inspector port: the apps get this and the following three ports (gateway first).'),
});

// A database of the operator gets no demo data unasked, and its gateways are not necessarily on this network.
export const Config = StackSettings.extend({ PATH: z.string().default('') }).transform((settings) => ({
  ...settings,
  DEMO_DATA: settings.DEMO_DATA ?? (settings.DATABASE_URL ? 'off' : 'on'),
  PROBE_ALLOW_PRIVATE: settings.PROBE_ALLOW_PRIVATE ?? (settings.DATABASE_URL ? 'off' : 'on'),
}));
export type Config = z.output<typeof Config>;

/**
 * Empty variables count as unset.
 * @throws Error with one line that names every invalid variable, but not its value, which may be a secret.
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = Config.safeParse(given);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}
