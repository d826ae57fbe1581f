import { lookup as lookupHere, Resolver } from 'node:dns/promises';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIPv4, isIPv6 } from 'node:net';
import { isPublicAddress } from '@oriontel/contracts';

/** The addresses of a host. @throws where it has none. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

function errorWithCode(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

const privateAddressError = (): Error => errorWithCode('EPRIVATE', 'an address that is not public');

/** `hostname` of a URL: where it is an address no name is looked up. @throws EPRIVATE */
export function assertPublicHost(hostname: string): void {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if ((isIPv4(address) || isIPv6(address)) && !isPublicAddress(address)) throw privateAddressError();
}

/**
 * A `lookup` for sockets: they connect to the very addresses that were looked at, whatever the name leads to a moment later. One
 * private address refuses the name: whoever owns it is not to choose which one is tried.
 */
export function createLookup(
  allowPrivate: boolean,
  resolve: Resolve = allowPrivate ? resolveInSystem : resolveInDns,
) {
  return function lookupAllowedAddresses(
    host: string,
    { all }: LookupOptions,
    callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void {
    async function found(): Promise<LookupAddress[]> {
      const addresses = await resolve(host).catch((error: unknown) => {
        throw errorWithCode('EDNS', 'the name was not found', error);
      });
      if (!addresses.length) throw errorWithCode('EDNS', 'the name has no address');
      if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address)))
        throw privateAddressError();
      return addresses;
    }
    found().then(
      (addresses) =>
        all ? callback(null, addresses) : callback(null, addresses[0]!.address, addresses[0]!.family),
      (error: Error) => callback(error, []),
    );
  };
}

/** Names of the operator's own, from /etc/hosts too. */
const resolveInSystem: Resolve = (host) => lookupHere(host, { all: true });

/**
 * Public names are in DNS. Not getaddrinfo, which `here` asks: it holds one of the process's four threads until a name server
 * answers, and somebody else's may take its time.
 */
const resolveInDns: Resolve = async (host) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
  function of(found: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
    return found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : [];
  }
  return [...of(v4, 4), ...of(v6, 6)];
};
