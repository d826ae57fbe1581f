/** The gateways are divided into this many shards; a shard is leased by one monitor. */
export const SHARD_COUNT = 64;

/** The shard of a gateway, by its key: the last byte of a UUIDv7 is random. */
export function shardOf(key: string): number {
  return Number.parseInt(key.slice(-2), 16) % SHARD_COUNT;
}
