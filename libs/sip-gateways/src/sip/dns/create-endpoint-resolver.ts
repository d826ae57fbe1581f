import { isIP } from 'node:net';
import { ProbeFailure } from '../classify-error.ts';
import type { Transport } from '../prober.ts';
import type { DnsResolver, SrvRecord } from './dns-resolver.ts';
import { orderSrvRecords } from './order-srv-records.ts';
import { memoizeByTtl, type WithTtl } from './memoize-by-ttl.ts';
import { normalizeAddress } from './may-probe.ts';

/** The address and port that a request is sent to. */
export interface Endpoint {
  address: string;
  port: number;
}

/** Neither node:dns for SRV records nor the operating system's lookup returns a TTL. */
const SRV_TTL_SECONDS = 60;
const LOOKUP_TTL_SECONDS = 60;
/** SRV records that are resolved further. */
const MAX_SRV_RECORDS = 8;

const SRV_PREFIXES = { udp: '_sip._udp', tcp: '_sip._tcp', tls: '_sips._tcp' };
const DEFAULT_PORTS = { udp: 5060, tcp: 5060, tls: 5061 };
const NO_RECORD_CODES = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * Resolves where to send a request, in the order to try (RFC 3263, 4.2; without NAPTR, as the transport is
 * given). A name with a port resolves to its addresses; a name without one to its SRV records, or without
 * such records to its addresses at the default port. IPv4 addresses come first.
 * @throws ProbeFailure dns
 */
export function createEndpointResolver(dns: DnsResolver, random?: () => number) {
  const findAddresses = memoizeByTtl((name) => queryAddresses(dns, name));
  const findServices = memoizeByTtl((name) => queryServices(dns, name));

  async function resolveAtPort(name: string, port: number): Promise<Endpoint[]> {
    const addresses = isIP(name) ? [normalizeAddress(name)] : await findAddresses(name);
    return addresses.map((address) => ({ address, port }));
  }

  async function resolveServices(records: SrvRecord[]): Promise<Endpoint[]> {
    const ordered = orderSrvRecords(records, random).slice(0, MAX_SRV_RECORDS);
    const results = await Promise.allSettled(ordered.map(({ name, port }) => resolveAtPort(name, port)));
    const endpoints = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (!endpoints.length && failed) throw failed.reason;
    return endpoints;
  }

  return async function resolveEndpoints(
    host: string,
    port: number | null,
    transport: Transport,
  ): Promise<Endpoint[]> {
    const name = host.toLowerCase();
    if (port !== null || isIP(name)) return resolveAtPort(name, port ?? DEFAULT_PORTS[transport]);
    const service = `${SRV_PREFIXES[transport]}.${name}`;
    const records = await findServices(service);
    if (!records.length) return resolveAtPort(name, DEFAULT_PORTS[transport]);
    // RFC 2782: a single record with the root as its target means that the service does not exist.
    if (records.every((record) => record.name === '' || record.name === '.'))
      throw new ProbeFailure('dns', `The domain declares that it has no ${service}.`);
    return resolveServices(records);
  };
}

async function queryAddresses(dns: DnsResolver, name: string): Promise<WithTtl<string[]>> {
  const [v4, v6] = await Promise.allSettled([dns.resolve4(name), dns.resolve6(name)]);
  const records = [v4, v6].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (records.length) {
    const ttlSeconds = Math.min(...records.map((record) => record.ttl));
    return { value: records.map(({ address }) => normalizeAddress(address)), ttlSeconds };
  }
  try {
    const found = await dns.lookup(name);
    const addresses = found.map(({ address }) => normalizeAddress(address));
    return { value: addresses, ttlSeconds: LOOKUP_TTL_SECONDS };
  } catch {
    throw nameNotFound(name, v4.status === 'rejected' ? v4.reason : null);
  }
}

/** No records is a result; only a failed query throws. */
async function queryServices(dns: DnsResolver, name: string): Promise<WithTtl<SrvRecord[]>> {
  try {
    return { value: await dns.resolveSrv(name), ttlSeconds: SRV_TTL_SECONDS };
  } catch (error) {
    if (NO_RECORD_CODES.has(errorCode(error))) return { value: [], ttlSeconds: SRV_TTL_SECONDS };
    throw nameNotFound(name, error);
  }
}

function nameNotFound(name: string, error: unknown): ProbeFailure {
  return new ProbeFailure('dns', `The name ${name} was not found (${errorCode(error)}).`);
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}
