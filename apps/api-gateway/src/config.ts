import { isIP } from 'node:net';
import { Region } from '@oriontel/contracts';
import { SWEEP_GRACE_SECONDS } from '@oriontel/intake';
import { Port, readConfig, ServiceConfig, type Environment, type LimitCategory } from '@oriontel/service';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);
function requestsPerMinute(standard: number) {
  return z.coerce.number().int().min(1).max(1_000_000_000).default(standard);
}

/** An address, or a network in CIDR notation (RFC 4632, RFC 4291). */
function isNetwork(text: string): boolean {
  const [address = '', prefix = '0', ...rest] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 && !rest.length && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
  );
}

export const GatewayConfig = ServiceConfig.extend({
  PORT: Port.default(3000),
  HOST: z.string().default('127.0.0.1'),
  JWT_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters, the same for every gateway: openssl rand -base64 48'),
  /** Seconds. */
  TOKEN_LIFETIME: z.coerce.number().int().min(60).max(86_400).default(3_600),
  /** Seconds a session lasts from its last refresh. */
  SESSION_LIFETIME: z.coerce
    .number()
    .int()
    .min(3_600)
    .max(366 * 86_400)
    .default(30 * 86_400),
  /** How national numbers are read where an organization has no region of its own. */
  DEFAULT_REGION: Region.default('US'),
  /** Seconds an accepted row may stay before the workers' sweepers dispatch it again. */
  SWEEP_GRACE: z.coerce.number().min(0.1).max(3_600).default(SWEEP_GRACE_SECONDS),
  DEMO_DATA: onOff.default('off'),
  ADMIN_USERNAME: z.string().optional(),
  ADMIN_PASSWORD: z.string().min(8, 'must be at least 8 characters').optional(),
  ADMIN_EMAIL: z.email().optional(),
  RATE_LIMITS: onOff.default('on'),
  RATE_LIMIT_CDR: requestsPerMinute(1_000),
  RATE_LIMIT_EVENTS: requestsPerMinute(500),
  RATE_LIMIT_LOGS: requestsPerMinute(100),
  RATE_LIMIT_GATEWAYS: requestsPerMinute(300),
  RATE_LIMIT_QR: requestsPerMinute(60),
  RATE_LIMIT_BOARD: requestsPerMinute(600),
  RATE_LIMIT_SIGNED_IN: requestsPerMinute(100),
  RATE_LIMIT_GUEST: requestsPerMinute(20),
  /** Whether admins see the queues at /queues, and whether they may change what lies there. */
  QUEUE_BOARD: z.enum(['off', 'read', 'write']).default('read'),
  /** Whose X-Forwarded-For is believed; nobody's by default. */
  TRUST_PROXY: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (parts) => parts.every(isNetwork),
      'must be addresses or CIDRs of your proxies, with commas, like 10.0.0.0/8,::1',
    )
    .default([]),
});
export type GatewayConfig = z.output<typeof GatewayConfig>;

export function readGatewayConfig(env: Environment): GatewayConfig {
  return readConfig(GatewayConfig, env);
}

/** Requests a minute by category; null where there are no limits. */
export function rateLimitsOf(config: GatewayConfig): Record<LimitCategory, number> | null {
  return config.RATE_LIMITS === 'off'
    ? null
    : {
        cdr: config.RATE_LIMIT_CDR,
        events: config.RATE_LIMIT_EVENTS,
        logs: config.RATE_LIMIT_LOGS,
        gateways: config.RATE_LIMIT_GATEWAYS,
        qr: config.RATE_LIMIT_QR,
        board: config.RATE_LIMIT_BOARD,
        signed_in: config.RATE_LIMIT_SIGNED_IN,
        guest: config.RATE_LIMIT_GUEST,
      };
}
