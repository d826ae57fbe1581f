import { isIP } from 'node:net';
import { ProbeFailure } from '../classify-error.ts';
import type { Transport } from '../prober.ts';
import type { DnsResolver, SrvRecord } from './dns-resolver.ts';
import { orderSrvRecords } from './order-srv-records.ts';
import { memoizeByTtl, type WithTtl } from './memoize-by-ttl.ts';
import { normalizeAddress } from './may-probe.ts';

/** Where a request is sent to. */
export interface Endpoint {
  address: string;
  port: number;
}

/** Seconds; node:dns does not say how long an SRV record holds, nor the operating system an address. */
const SRV_TTL_SECONDS = 60;
const LOOKUP_TTL_SECONDS = 60;
/** Of a service those that are asked for. */
const MAX_SRV_RECORDS = 8;

const SRV_PREFIXES = { udp: '_sip._udp', tcp: '_sip._tcp', tls: '_sips._tcp' };
const DEFAULT_PORTS = { udp: 5060, tcp: 5060, tls: 5061 };
const NO_RECORD_CODES = new Set(['ENODATA', 'ENOTFOUND']);

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
}

function nameNotFound(name: string, error: unknown): ProbeFailure {
  return new ProbeFailure('dns', `The name ${name} was not found (${errorCode(error)}).`);
}

async function resolveAddresses(names: DnsResolver, name: string): Promise<WithTtl<string[]>> {
  const [v4, v6] = await Promise.allSettled([names.resolve4(name), names.resolve6(name)]);
  const records = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (records.length) {
    const ttl = Math.min(...records.map((record) => record.ttl));
    return { value: records.map(({ address }) => normalizeAddress(address)), ttl };
  }
  try {
    const found = await names.lookup(name);
    return { value: found.map(({ address }) => normalizeAddress(address)), ttl: LOOKUP_TTL_SECONDS };
  } catch {
    throw nameNotFound(name, v4.status === 'rejected' ? v4.reason : null);
  }
}

/** None where the domain has no such record; a failure to ask is one. */
async function resolveServices(names: DnsResolver, name: string): Promise<WithTtl<SrvRecord[]>> {
  try {
    return { value: await names.resolveSrv(name), ttl: SRV_TTL_SECONDS };
  } catch (error) {
    if (NO_RECORD_CODES.has(errorCode(error))) return { value: [], ttl: SRV_TTL_SECONDS };
    throw nameNotFound(name, error);
  }
}

/**
 * Finds where to send to, in the order to try (RFC 3263, 4.2; the transport is given, so no NAPTR): an address is itself; a name with a
 * port has addresses; one without has services (SRV), and where it has none addresses, at the usual port. IPv4 comes first.
 * @throws ProbeFailure dns
 */
export function createEndpointResolver(names: DnsResolver, random?: () => number) {
  const addressesOf = memoizeByTtl((name) => resolveAddresses(names, name));
  const servicesOf = memoizeByTtl((name) => resolveServices(names, name));
  async function atPort(name: string, port: number): Promise<Endpoint[]> {
    return (isIP(name) ? [normalizeAddress(name)] : await addressesOf(name)).map((address) => ({
      address,
      port,
    }));
  }

  async function byServices(records: SrvRecord[]): Promise<Endpoint[]> {
    const ordered = orderSrvRecords(records, random).slice(0, MAX_SRV_RECORDS);
    const found = await Promise.allSettled(ordered.map(({ name, port }) => atPort(name, port)));
    const places = found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failed = found.find((answer) => answer.status === 'rejected');
    if (!places.length && failed) throw failed.reason;
    return places;
  }

  return async function resolveEndpoints(
    host: string,
    port: number | null,
    transport: Transport,
  ): Promise<Endpoint[]> {
    const name = host.toLowerCase();
    if (port !== null || isIP(name)) return atPort(name, port ?? DEFAULT_PORTS[transport]);
    const service = `${SRV_PREFIXES[transport]}.${name}`;
    const records = await servicesOf(service);
    if (!records.length) return atPort(name, DEFAULT_PORTS[transport]);
    // RFC 2782: one record with the root as its target says that there is no such service.
    if (records.every((record) => record.name === '' || record.name === '.'))
      throw new ProbeFailure('dns', `The domain says that it has no ${service}.`);
    return byServices(records);
  };
}
