import { lookup as lookupHere, Resolver } from 'node:dns/promises';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** The addresses of a host. @throws where it has none. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

const listOf = (family: 'ipv4' | 'ipv6', nets: [string, number][]): BlockList => {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, family);
  return list;
};

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast and what is reserved. */
const privateV4 = listOf('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

/** All that is given out to be global unicast: mapped, translated (NAT64), local and multicast addresses lie outside of it. */
const globalV6 = listOf('ipv6', [['2000::', 3]]);
/** In it, what is special all the same: protocols and Teredo, documentation, 6to4. */
const specialV6 = listOf('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

/** Whether an address is one of the internet, and not of a network of our own. */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !privateV4.check(address, 'ipv4');
  return isIPv6(address) && globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
};

const codeOf = (code: string, message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

const privateAddress = (): Error => codeOf('EPRIVATE', 'an address that is not public');

/** `hostname` of a URL: where it is an address no name is looked up. @throws EPRIVATE */
export const mustBePublic = (hostname: string): void => {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if ((isIPv4(address) || isIPv6(address)) && !isPublicAddress(address)) throw privateAddress();
};

/**
 * A `lookup` for sockets: they connect to the very addresses that were looked at, whatever the name leads to a moment later. One
 * private address refuses the name: whoever owns it is not to choose which one is tried.
 */
export const openLookup =
  (allowPrivate: boolean, resolve: Resolve = allowPrivate ? here : inDns) =>
  (
    host: string,
    { all }: LookupOptions,
    callback: (error: Error | null, address: string | LookupAddress[], family?: number) => void,
  ): void => {
    const found = async (): Promise<LookupAddress[]> => {
      const addresses = await resolve(host).catch((error: unknown) => {
        throw codeOf('EDNS', 'the name was not found', error);
      });
      if (!addresses.length) throw codeOf('EDNS', 'the name has no address');
      if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address)))
        throw privateAddress();
      return addresses;
    };
    found().then(
      (addresses) =>
        all ? callback(null, addresses) : callback(null, addresses[0]!.address, addresses[0]!.family),
      (error: Error) => callback(error, []),
    );
  };

/** Names of the operator's own, from /etc/hosts too. */
const here: Resolve = (host) => lookupHere(host, { all: true });

/**
 * Public names are in DNS. Not getaddrinfo, which `here` asks: it holds one of the process's four threads until a name server
 * answers, and somebody else's may take its time.
 */
const inDns: Resolve = async (host) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
  const of = (found: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] =>
    found.status === 'fulfilled' ? found.value.map((address) => ({ address, family })) : [];
  return [...of(v4, 4), ...of(v6, 6)];
};
