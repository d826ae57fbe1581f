import { Redis } from 'ioredis';

/** Milliseconds: a request waits no longer for its count. */
const COMMAND_TIMEOUT_MS = 1_000;

/** A connection that fails at once while Redis is away: limits are kept in memory meanwhile. */
export function connectLimitRedis(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 100, 2_000),
  });
  // Each command that fails tells so; the connection's own errors say the same.
  redis.on('error', () => undefined);
  return redis;
}
