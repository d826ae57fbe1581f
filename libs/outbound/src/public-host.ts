import { lookup as lookupInSystem, Resolver } from 'node:dns/promises';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIPv4, isIPv6 } from 'node:net';
import { outboundError } from './outbound-error.ts';
import { isPublicAddress } from './public-address.ts';

/** The addresses of a host. Rejects if it has none. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

const DNS_TIMEOUT_MS = 2_000;
const DNS_TRIES = 2;

function privateAddressError(): Error {
  return outboundError('EPRIVATE', 'the address is not public');
}

/**
 * Checks the `hostname` of a URL if it is an IP address, which is never looked up. Names are checked by
 * `createLookup`.
 * @throws EPRIVATE
 */
export function assertPublicHost(hostname: string): void {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if ((isIPv4(address) || isIPv6(address)) && !isPublicAddress(address)) throw privateAddressError();
}

/**
 * A `lookup` for sockets. The socket connects to the addresses that were checked here, so a name that
 * resolves differently a moment later (DNS rebinding) has no effect. One private address rejects the whole
 * name. Fails with EDNS or EPRIVATE.
 */
export function createLookup(
  allowPrivate: boolean,
  resolve: Resolve = allowPrivate ? resolveInSystem : (host) => resolveInDns(host),
) {
  async function findAddresses(host: string): Promise<LookupAddress[]> {
    const addresses = await resolve(host).catch((error: unknown) => {
      throw outboundError('EDNS', 'the host name was not found', error);
    });
    if (!addresses.length) throw outboundError('EDNS', 'the host name has no address');
    if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address)))
      throw privateAddressError();
    return addresses;
  }

  return function lookupAllowedAddresses(
    host: string,
    { all }: LookupOptions,
    callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void {
    findAddresses(host).then(
      (addresses) =>
        all ? callback(null, addresses) : callback(null, addresses[0]!.address, addresses[0]!.family),
      (error: Error) => callback(error, []),
    );
  };
}

/** The operator's own names, including /etc/hosts. */
function resolveInSystem(host: string): Promise<LookupAddress[]> {
  return lookupInSystem(host, { all: true });
}

/**
 * Public names only. Not `getaddrinfo`: it blocks one of the four threads of the process until a name server
 * responds, and a user of the API chooses that server.
 */
export async function resolveInDns(
  host: string,
  resolver: Pick<Resolver, 'resolve4' | 'resolve6'> = new Resolver({
    timeout: DNS_TIMEOUT_MS,
    tries: DNS_TRIES,
  }),
): Promise<LookupAddress[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
  return [...toLookupAddresses(v4, 4), ...toLookupAddresses(v6, 6)];
}

function toLookupAddresses(found: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : [];
}
