import { lookup, Resolver } from 'node:dns/promises';
import { within } from '@oriontel/contracts';
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
export interface NameSource {
  resolve4: (name: string) => Promise<AddressRecord[]>;
  resolve6: (name: string) => Promise<AddressRecord[]>;
  resolveSrv: (name: string) => Promise<SrvRecord[]>;
  /** Asks the operating system, which knows /etc/hosts. */
  lookup: (name: string) => Promise<{ address: string }[]>;
}

/** Milliseconds a server has to answer, the first time. */
const SERVER_TIMEOUT = 1_500;
const TRIES = 2;
const LONGEST = 10_000;
const QUESTIONS_AT_ONCE = 100;
/** It holds one of the four threads that files and hashes also need, for as long as it takes. */
const LOOKUPS_AT_ONCE = 2;

export const openDns = (): NameSource => {
  const resolver = new Resolver({ timeout: SERVER_TIMEOUT, tries: TRIES });
  const questions = pLimit(QUESTIONS_AT_ONCE);
  const lookups = pLimit(LOOKUPS_AT_ONCE);
  const ask = <T>(work: () => Promise<T>): Promise<T> => questions(() => within(LONGEST, 'DNS', work()));
  return {
    resolve4: (name) => ask(() => resolver.resolve4(name, { ttl: true })),
    resolve6: (name) => ask(() => resolver.resolve6(name, { ttl: true })),
    resolveSrv: (name) => ask(() => resolver.resolveSrv(name)),
    lookup: (name) => lookups(() => lookup(name, { all: true })),
  };
};
