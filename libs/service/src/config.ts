import { z } from 'zod';

export type Environment = Record<string, string | undefined>;

export const Port = z.coerce.number().int().min(0).max(65_535);

/** What every process reads. Each app adds its own. */
export const ServiceConfig = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
  /** Absent: the queues lie in PostgreSQL. */
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: Port.default(9464),
});
export type ServiceConfig = z.output<typeof ServiceConfig>;

export class ConfigError extends Error {}

/** Reads the environment once. An empty variable counts as absent. @throws ConfigError that names each bad variable. */
export function readConfig<S extends z.ZodType>(schema: S, env: Environment): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const lines = error.issues.map(
    ({ path, message }) =>
      `${path.join('.')}: ${given[String(path[0])] === undefined ? 'is not set' : message}`,
  );
  throw new ConfigError(`The configuration is not complete.\n${lines.join('\n')}`);
}
