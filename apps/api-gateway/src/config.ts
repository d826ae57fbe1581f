import { isIP } from 'node:net';
import { Region } from '@oriontel/contracts';
import { IntakeConfig } from '@oriontel/intake';
import { Port, readConfig, ServiceConfig, type Environment, type LimitCategory } from '@oriontel/service';
import { z } from 'zod';

const OnOff = z.enum(['on', 'off']);

function requestsPerMinute(limit: number, routes: string) {
  return z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(limit)
    .describe(`Requests per minute ${routes}.`);
}

/** An IP address or a network in CIDR notation (RFC 4632, RFC 4291). */
function isNetwork(text: string): boolean {
  const [address = '', prefix = '0', ...rest] = text.split('/');
  const version = isIP(address);
  return (
    version !== 0 && !rest.length && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
  );
}

export const GatewayConfig = ServiceConfig.extend({
  PORT: Port.default(3000).describe('Port that the API gateway listens on.'),
  HOST: z.string().default('127.0.0.1').describe('Address that the API gateway listens on.'),
  JWT_SECRET: z
    .string()
    .min(32, 'must be at least 32 characters, the same for every gateway: openssl rand -base64 48')
    .describe('Signs access tokens; the same for every gateway.'),
  TOKEN_LIFETIME: z.coerce
    .number()
    .int()
    .min(60)
    .max(86_400)
    .default(3_600)
    .describe('Seconds until an access token expires.'),
  SESSION_LIFETIME: z.coerce
    .number()
    .int()
    .min(3_600)
    .max(366 * 86_400)
    .default(30 * 86_400)
    .describe('Seconds until a session expires that is not refreshed.'),
  DEFAULT_REGION: Region.default('US').describe(
    'Region of national numbers for organizations without a region, ISO 3166-1 alpha-2.',
  ),
  SWEEP_GRACE: IntakeConfig.shape.SWEEP_GRACE,
  DEMO_DATA: OnOff.default('off').describe('Creates a demo organization at start.'),
  ADMIN_USERNAME: z
    .string()
    .optional()
    .describe('With ADMIN_PASSWORD: creates this admin at start if there is no admin.'),
  ADMIN_PASSWORD: z
    .string()
    .min(8, 'must be at least 8 characters')
    .optional()
    .describe('Password of the first admin, at least 8 characters.'),
  ADMIN_EMAIL: z.email().optional().meta({
    description: 'Email address of the first admin.',
    defaultText: '`<ADMIN_USERNAME>@localhost`',
  }),
  RATE_LIMITS: OnOff.default('on').describe('`off` disables all rate limits.'),
  RATE_LIMIT_CDR: requestsPerMinute(1_000, 'to the CDR routes'),
  RATE_LIMIT_EVENTS: requestsPerMinute(500, 'to the event routes'),
  RATE_LIMIT_LOGS: requestsPerMinute(100, 'to the log routes'),
  RATE_LIMIT_GATEWAYS: requestsPerMinute(300, 'to the SIP gateway routes'),
  RATE_LIMIT_QR: requestsPerMinute(60, 'to the QR code routes'),
  RATE_LIMIT_BOARD: requestsPerMinute(600, 'to the queue board'),
  RATE_LIMIT_SIGNED_IN: requestsPerMinute(100, 'of one user or key to all other routes'),
  RATE_LIMIT_GUEST: requestsPerMinute(20, 'of one address without credentials'),
  QUEUE_BOARD: z
    .enum(['off', 'read', 'write'])
    .default('read')
    .describe('What admins can do with the queue board at `/queues`.'),
  TRUST_PROXY: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (parts) => parts.every(isNetwork),
      'must be addresses or CIDRs of your proxies, with commas, like 10.0.0.0/8,::1',
    )
    .default([])
    .meta({
      description:
        'Proxies whose `X-Forwarded-For` is trusted: addresses or CIDRs with commas, `10.0.0.0/8,::1`.',
      defaultText: 'none',
    }),
});
export type GatewayConfig = z.output<typeof GatewayConfig>;

export function readGatewayConfig(env: Environment): GatewayConfig {
  return readConfig(GatewayConfig, env);
}

/** Requests per minute by category; null if rate limits are disabled. */
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
