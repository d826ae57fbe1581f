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

/** Where names are looked up; each rejects where there is nothing, with a `code` as in node:dns. */
export interface DnsResolver {
  resolve4: (name: string) => Promise<AddressRecord[]>;
  resolve6: (name: string) => Promise<AddressRecord[]>;
  resolveSrv: (name: string) => Promise<SrvRecord[]>;
  /** Asks the operating system, which knows /etc/hosts. */
  lookup: (name: string) => Promise<{ address: string }[]>;
}

/** Milliseconds a server has to answer, the first time. */
const SERVER_TIMEOUT_MS = 1_500;
const SERVER_ATTEMPTS = 2;
const QUERY_TIMEOUT_MS = 10_000;
const MAX_CONCURRENT_QUERIES = 100;
/** It holds one of the four threads that files and hashes also need, for as long as it takes. */
const MAX_CONCURRENT_LOOKUPS = 2;

export function createDnsResolver(): DnsResolver {
  const resolver = new Resolver({ timeout: SERVER_TIMEOUT_MS, tries: SERVER_ATTEMPTS });
  const questions = pLimit(MAX_CONCURRENT_QUERIES);
  const lookups = pLimit(MAX_CONCURRENT_LOOKUPS);
  function ask<T>(work: () => Promise<T>): Promise<T> {
    return questions(() => withTimeout(QUERY_TIMEOUT_MS, 'DNS', work()));
  }
  return {
    resolve4: (name) => ask(() => resolver.resolve4(name, { ttl: true })),
    resolve6: (name) => ask(() => resolver.resolve6(name, { ttl: true })),
    resolveSrv: (name) => ask(() => resolver.resolveSrv(name)),
    lookup: (name) => lookups(() => lookup(name, { all: true })),
  };
}
