import { Redis } from 'ioredis';

/** A request waits at most this long for its count. */
const COMMAND_TIMEOUT_MS = 1_000;
/** A connection without a byte for so long, although a command waits, is lost: it is replaced. */
const SILENCE_MS = 2_000;

/**
 * Connects to the Redis of the rate limits. Commands fail at once while it is down, so that limits fall back
 * to memory.
 */
export function connectLimitRedis(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(times * 100, 2_000),
  });
  // Every failed command reports the same error.
  redis.on('error', () => undefined);
  return redis;
}
