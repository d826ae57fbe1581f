import { z } from 'zod';

export type Environment = Record<string, string | undefined>;

export const Port = z.coerce.number().int().min(0).max(65_535);

/**
 * Settings of every process; each app adds its own. Descriptions appear in docs/settings.md and .env.example.
 */
export const ServiceConfig = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL')
    .describe('The PostgreSQL database.'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be a redis:// or rediss:// URL')
    .optional()
    .describe('Redis or Valkey for the queues. Not set: the queues use PostgreSQL.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Lowest level that is logged; `debug` logs every request.'),
  ADMIN_HOST: z.string().default('127.0.0.1').describe('Address of the admin server of the process.'),
  ADMIN_PORT: Port.default(9464).describe(
    'Port of the admin server of the process: `/healthz`, `/readyz` and `/metrics` (Prometheus).',
  ),
});
export type ServiceConfig = z.output<typeof ServiceConfig>;

export class ConfigError extends Error {}

/**
 * Parses the environment. An empty variable counts as not set.
 * @throws ConfigError that names each invalid variable, without its value.
 */
export function readConfig<S extends z.ZodType>(schema: S, env: Environment): z.output<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { success, data, error } = schema.safeParse(present);
  if (success) return data;
  const lines = error.issues.map(
    ({ path, message }) =>
      `${path.join('.')}: ${present[String(path[0])] === undefined ? 'is not set' : message}`,
  );
  throw new ConfigError(`The configuration is not valid.\n${lines.join('\n')}`);
}
