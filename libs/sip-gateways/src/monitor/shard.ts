/** Into how many shares all gateways are divided; monitors hold whole ones. */
export const SHARDS = 64;

/** Of a gateway, by its key: the end of a UUIDv7 is random. */
export const shardOf = (key: string): number => Number.parseInt(key.slice(-2), 16) % SHARDS;
