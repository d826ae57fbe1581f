import { GRACE } from '@oriontel/intake';
import { Port, readConfig, ServiceConfig, type Environment } from '@oriontel/service';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);

export const GatewayConfig = ServiceConfig.extend({
  PORT: Port.default(3000),
  HOST: z.string().default('127.0.0.1'),
  JWT_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters, the same for every gateway: openssl rand -base64 48'),
  /** Seconds. */
  TOKEN_LIFETIME: z.coerce.number().int().min(60).max(86_400).default(3_600),
  /** ISO 3166 alpha-2: how national numbers are read where an organisation has no region of its own. */
  DEFAULT_REGION: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capitals, like US')
    .default('US'),
  /** Seconds an accepted row may stay before the workers' sweepers dispatch it again. */
  SWEEP_GRACE: z.coerce.number().min(0.1).max(3_600).default(GRACE),
  DEMO_DATA: onOff.default('off'),
  ADMIN_USERNAME: z.string().optional(),
  ADMIN_PASSWORD: z.string().min(8, 'must be at least 8 characters').optional(),
  ADMIN_EMAIL: z.email().optional(),
});
export type GatewayConfig = z.output<typeof GatewayConfig>;

export const readGatewayConfig = (env: Environment): GatewayConfig => readConfig(GatewayConfig, env);
