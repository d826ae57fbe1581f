import rateLimit, { normalizeIP, type RateLimitPluginOptions } from '@fastify/rate-limit';
import { Failure, type Principal } from '@oriontel/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import type { HttpServer } from './http-server.ts';
import { MemoryRateLimitStore } from './memory-rate-limit-store.ts';
import type { LimitCategory } from './route-config.ts';

/** Counts a request against its sender's limit and says so in the RateLimit headers. @throws Failure too_many_requests */
export type LimitRate = (
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal | null,
) => Promise<void>;

export interface RateLimitOptions {
  /** Requests a minute. */
  limits: Record<LimitCategory, number>;
  /** Counts for every process that shares it; without it, and while it is away, each counts for itself. */
  redis?: Redis | undefined;
  /** Milliseconds of a window; a test may have less patience. */
  windowMs?: number;
  /** Told once each time Redis is found away. */
  onRedisUnavailable: (error: Error) => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The counter this request counts on. */
    bucket: { key: string; max: number };
  }
}

const MINUTE_MS = 60_000;
const KEY_PREFIX = '{oriontel}:limit:';

/** Fixed windows, counted in Redis by one command; they hold for all gateways together. */
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
      `Rate limit of ${max} requests a minute exceeded: try again in ${retryAfter} s.`,
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

/** In a scope of its own: the plugin knows one store for each. */
async function createWindowCounter(
  app: HttpServer,
  window: number,
  store: RateLimitPluginOptions,
): Promise<CountRequest> {
  let check!: ReturnType<typeof app.createRateLimit>;
  await app.register(async (scope) => {
    await scope.register(rateLimit, {
      global: false,
      timeWindow: window,
      keyGenerator: ({ bucket }: FastifyRequest) => bucket.key,
      max: ({ bucket }: FastifyRequest) => bucket.max,
      ...store,
    });
    check = scope.createRateLimit();
  });
  return async function countRequest(request) {
    const counted = await check(request);
    if (counted.isAllowed) throw new Error('no sender is exempt');
    return counted;
  };
}

/** Milliseconds for which a counter that failed is left alone, so that a broken one costs a flood of requests nothing. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

function withFallback(shared: CountRequest, own: CountRequest, onAway: (error: Error) => void): CountRequest {
  let awayUntil = 0;
  return function countWithFallback(request) {
    return performance.now() < awayUntil
      ? own(request)
      : shared(request).catch((error: Error) => {
          if (performance.now() >= awayUntil) onAway(error);
          awayUntil = performance.now() + PAUSE_AFTER_FAILURE_MS;
          return own(request);
        });
  };
}
