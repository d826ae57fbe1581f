import rateLimit, { normalizeIP, type RateLimitPluginOptions } from '@fastify/rate-limit';
import { Failure, type Principal } from '@oriontel/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import type { HttpServer } from './http-server.ts';
import { MemoryRateLimitStore } from './memory-rate-limit-store.ts';
import type { LimitCategory } from './route-config.ts';

/**
 * Counts a request against the limit of its sender and sets the RateLimit headers.
 * @throws Failure too_many_requests
 */
export type LimitRate = (
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal | null,
) => Promise<void>;

export interface RateLimitOptions {
  /** Requests per window. */
  limits: Record<LimitCategory, number>;
  /** Shares the counts among processes. If absent or down, each process counts alone. */
  redis?: Redis | undefined;
  /** @default 60000 */
  windowMs?: number;
  /** Called once per outage of Redis. */
  onRedisUnavailable: (error: Error) => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The counter of this request. */
    bucket: { key: string; max: number };
  }
}

const MINUTE_MS = 60_000;
const KEY_PREFIX = '{oriontel}:limit:';

/** Creates a limiter with fixed windows, counted in Redis with one command per request. */
export async function createRateLimiter(
  app: HttpServer,
  { limits, redis, windowMs = MINUTE_MS, onRedisUnavailable }: RateLimitOptions,
): Promise<LimitRate> {
  app.decorateRequest('bucket', null as never);
  const inMemory = await createWindowCounter(app, windowMs, { store: MemoryRateLimitStore });
  const inRedis = redis && (await createWindowCounter(app, windowMs, { redis, nameSpace: KEY_PREFIX }));
  const count = inRedis ? withFallback(inRedis, inMemory, onRedisUnavailable) : inMemory;

  return async function limitRate(request, reply, principal) {
    request.bucket = bucketOf(limits, request, principal);
    const { max, remaining, ttlInSeconds, isExceeded } = await count(request);
    void reply
      .header('ratelimit-limit', max)
      .header('ratelimit-remaining', remaining)
      .header('ratelimit-reset', ttlInSeconds);
    if (!isExceeded) return;
    const retryAfter = Math.max(1, ttlInSeconds);
    throw new Failure(
      'too_many_requests',
      `Rate limit of ${max} requests per minute exceeded. Retry in ${retryAfter} seconds.`,
      { retryAfter },
    );
  };
}

function bucketOf(
  limits: RateLimitOptions['limits'],
  { ip, routeOptions }: FastifyRequest,
  principal: Principal | null,
): FastifyRequest['bucket'] {
  const { limit } = routeOptions.config;
  const category = !limit || limit === 'none' ? (principal ? 'signed_in' : 'guest') : limit;
  const sender = principal && category !== 'guest' ? `${principal.kind}:${principal.id}` : normalizeIP(ip);
  return { key: `${category}:${sender}`, max: limits[category] };
}

interface CountResult {
  max: number;
  remaining: number;
  ttlInSeconds: number;
  isExceeded: boolean;
}
type CountRequest = (request: FastifyRequest) => Promise<CountResult>;

/** Registers the plugin in its own scope, because it supports one store per scope. */
async function createWindowCounter(
  app: HttpServer,
  windowMs: number,
  store: RateLimitPluginOptions,
): Promise<CountRequest> {
  let check!: ReturnType<typeof app.createRateLimit>;
  await app.register(async (scope) => {
    await scope.register(rateLimit, {
      global: false,
      timeWindow: windowMs,
      keyGenerator: ({ bucket }: FastifyRequest) => bucket.key,
      max: ({ bucket }: FastifyRequest) => bucket.max,
      ...store,
    });
    check = scope.createRateLimit();
  });
  return async function countRequest(request) {
    const counted = await check(request);
    if (counted.isAllowed) throw new Error('the rate limit allow list must be empty');
    return counted;
  };
}

/** After a failure of Redis, requests are counted in memory for this long without trying Redis. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

function withFallback(
  countShared: CountRequest,
  countLocally: CountRequest,
  onUnavailable: (error: Error) => void,
): CountRequest {
  let pausedUntil = 0;
  return async function countWithFallback(request) {
    if (performance.now() < pausedUntil) return countLocally(request);
    try {
      return await countShared(request);
    } catch (error) {
      if (performance.now() >= pausedUntil) onUnavailable(error as Error);
      pausedUntil = performance.now() + PAUSE_AFTER_FAILURE_MS;
      return countLocally(request);
    }
  };
}
