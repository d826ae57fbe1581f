import { lookup, Resolver } from 'node:dns/promises';
import { withTimeout } from '@oriontel/contracts';
import pLimit from 'p-limit';

export interface AddressRecord {
  address: string;
  /** Seconds. */
  ttl: number;
}
export interface SrvRecord {
  name: string;
  port: number;
  priority: number;
  weight: number;
}

/** DNS queries; each rejects if there is no record, with a `code` as in node:dns. */
export interface DnsResolver {
  resolve4: (name: string) => Promise<AddressRecord[]>;
  resolve6: (name: string) => Promise<AddressRecord[]>;
  resolveSrv: (name: string) => Promise<SrvRecord[]>;
  /** Asks the operating system, which reads /etc/hosts. */
  lookup: (name: string) => Promise<{ address: string }[]>;
}

/** The first attempt; later ones wait longer. */
const SERVER_TIMEOUT_MS = 1_500;
const SERVER_ATTEMPTS = 2;
const QUERY_TIMEOUT_MS = 10_000;
const MAX_CONCURRENT_QUERIES = 100;
/** A lookup blocks one of the four libuv threads, which file access and hashing also need. */
const MAX_CONCURRENT_LOOKUPS = 2;

export function createDnsResolver(): DnsResolver {
  const resolver = new Resolver({ timeout: SERVER_TIMEOUT_MS, tries: SERVER_ATTEMPTS });
  const limitQueries = pLimit(MAX_CONCURRENT_QUERIES);
  const limitLookups = pLimit(MAX_CONCURRENT_LOOKUPS);
  function query<T>(run: () => Promise<T>): Promise<T> {
    return limitQueries(() => withTimeout(QUERY_TIMEOUT_MS, 'DNS', run()));
  }
  return {
    resolve4: (name) => query(() => resolver.resolve4(name, { ttl: true })),
    resolve6: (name) => query(() => resolver.resolve6(name, { ttl: true })),
    resolveSrv: (name) => query(() => resolver.resolveSrv(name)),
    lookup: (name) => limitLookups(() => lookup(name, { all: true })),
  };
}
