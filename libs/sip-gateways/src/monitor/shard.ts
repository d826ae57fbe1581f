/** Into how many shares all gateways are divided; monitors hold whole ones. */
export const SHARD_COUNT = 64;

/** Of a gateway, by its key: the end of a UUIDv7 is random. */
export function shardOf(key: string): number {
  return Number.parseInt(key.slice(-2), 16) % SHARD_COUNT;
}
