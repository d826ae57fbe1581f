import { z } from 'zod';

/** An empty variable counts as none: that is how shells and compose files leave one out. */
function emptyAsUndefined<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema);
}

function urlWithProtocol(protocol: RegExp, example: string) {
  return emptyAsUndefined(z.url({ protocol, error: `must be an address like ${example}` }).optional());
}

const onOrOff = z.enum(['on', 'off']);
const Variables = z.object({
  PORT: emptyAsUndefined(z.coerce.number().int().min(1).max(65_535).default(3000)),
  // Whoever reaches a new stack first may register as its admin: it is opened to others on purpose only.
  HOST: emptyAsUndefined(z.string().default('127.0.0.1')),
  DATA_DIR: emptyAsUndefined(z.string().default('.oriontel')),
  DATABASE_URL: urlWithProtocol(/^postgres(ql)?$/, 'postgresql://user@host/database'),
  REDIS_URL: urlWithProtocol(/^rediss?$/, 'redis://host:6379'),
  DEMO_DATA: emptyAsUndefined(onOrOff.optional()),
  LOG_LEVEL: emptyAsUndefined(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  ),
  JWT_SECRET: emptyAsUndefined(z.string().optional()),
  RATE_LIMITS: emptyAsUndefined(onOrOff.default('on')),
  PROBE_ALLOW_PRIVATE: emptyAsUndefined(onOrOff.optional()),
  PATH: z.string().default(''),
});

// A database somebody brought is theirs: nothing is put into it unasked, and its gateways are not this machine's neighbors.
export const Config = Variables.transform((given) => ({
  ...given,
  DEMO_DATA: given.DEMO_DATA ?? (given.DATABASE_URL ? 'off' : 'on'),
  PROBE_ALLOW_PRIVATE: given.PROBE_ALLOW_PRIVATE ?? (given.DATABASE_URL ? 'off' : 'on'),
}));
export type Config = z.output<typeof Config>;

/** Throws one line that names every rejected variable; never its value, which may be a secret. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const result = Config.safeParse(env);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}
