import { isIP } from 'node:net';
import { ProbeFailure } from '../error-word.ts';
import type { Transport } from '../prober.ts';
import type { NameSource, SrvRecord } from './name-source.ts';
import { orderServices } from './order-services.ts';
import { rememberByTtl, type Found } from './remember-by-ttl.ts';
import { plainAddress } from './may-probe.ts';

/** Where a request is sent to. */
export interface Place {
  address: string;
  port: number;
}

/** Seconds; node:dns does not say how long an SRV record holds, nor the operating system an address. */
const SRV_TTL = 60;
const LOOKUP_TTL = 60;
/** Of a service those that are asked for. */
const MOST_SERVICES = 8;

const SERVICE = { udp: '_sip._udp', tcp: '_sip._tcp', tls: '_sips._tcp' };
const PORT = { udp: 5060, tcp: 5060, tls: 5061 };
const NO_RECORD = new Set(['ENODATA', 'ENOTFOUND']);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'no answer';

const missing = (name: string, error: unknown): ProbeFailure =>
  new ProbeFailure('dns', `The name ${name} was not found (${codeOf(error)}).`);

const findAddresses = async (names: NameSource, name: string): Promise<Found<string[]>> => {
  const [v4, v6] = await Promise.allSettled([names.resolve4(name), names.resolve6(name)]);
  const records = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (records.length) {
    const ttl = Math.min(...records.map((record) => record.ttl));
    return { value: records.map(({ address }) => plainAddress(address)), ttl };
  }
  try {
    const found = await names.lookup(name);
    return { value: found.map(({ address }) => plainAddress(address)), ttl: LOOKUP_TTL };
  } catch {
    throw missing(name, v4.status === 'rejected' ? v4.reason : null);
  }
};

/** None where the domain has no such record; a failure to ask is one. */
const findServices = async (names: NameSource, name: string): Promise<Found<SrvRecord[]>> => {
  try {
    return { value: await names.resolveSrv(name), ttl: SRV_TTL };
  } catch (error) {
    if (NO_RECORD.has(codeOf(error))) return { value: [], ttl: SRV_TTL };
    throw missing(name, error);
  }
};

/**
 * Finds where to send to, in the order to try (RFC 3263, 4.2; the transport is given, so no NAPTR): an address is itself; a name with a
 * port has addresses; one without has services (SRV), and where it has none addresses, at the usual port. IPv4 comes first.
 * @throws ProbeFailure dns
 */
export const openPlaces = (names: NameSource, random?: () => number) => {
  const addressesOf = rememberByTtl((name) => findAddresses(names, name));
  const servicesOf = rememberByTtl((name) => findServices(names, name));
  const atPort = async (name: string, port: number): Promise<Place[]> =>
    (isIP(name) ? [plainAddress(name)] : await addressesOf(name)).map((address) => ({ address, port }));

  const byServices = async (records: SrvRecord[]): Promise<Place[]> => {
    const ordered = orderServices(records, random).slice(0, MOST_SERVICES);
    const found = await Promise.allSettled(ordered.map(({ name, port }) => atPort(name, port)));
    const places = found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const failed = found.find((answer) => answer.status === 'rejected');
    if (!places.length && failed) throw failed.reason;
    return places;
  };

  return async (host: string, port: number | null, transport: Transport): Promise<Place[]> => {
    const name = host.toLowerCase();
    if (port !== null || isIP(name)) return atPort(name, port ?? PORT[transport]);
    const service = `${SERVICE[transport]}.${name}`;
    const records = await servicesOf(service);
    if (!records.length) return atPort(name, PORT[transport]);
    // RFC 2782: one record with the root as its target says that there is no such service.
    if (records.every((record) => record.name === '' || record.name === '.'))
      throw new ProbeFailure('dns', `The domain says that it has no ${service}.`);
    return byServices(records);
  };
};
