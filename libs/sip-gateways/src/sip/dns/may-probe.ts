import { BlockList, isIPv6, SocketAddress } from 'node:net';
import { isPublicAddress } from '@oriontel/outbound';

/** Unspecified, multicast and broadcast addresses: never a gateway, even if private addresses are allowed. */
const neverProbed = new BlockList();
neverProbed.addSubnet('0.0.0.0', 8, 'ipv4');
neverProbed.addSubnet('224.0.0.0', 4, 'ipv4');
neverProbed.addAddress('255.255.255.255', 'ipv4');
neverProbed.addAddress('::', 'ipv6');
neverProbed.addSubnet('ff00::', 8, 'ipv6');
// The same addresses through NAT64 (RFC 6052).
neverProbed.addSubnet('64:ff9b::', 104, 'ipv6');
neverProbed.addSubnet('64:ff9b::224.0.0.0', 100, 'ipv6');
neverProbed.addAddress('64:ff9b::255.255.255.255', 'ipv6');

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** The shortest form; an IPv4-mapped IPv6 address (`::ffff:7f00:1`) becomes the IPv4 address. */
export function normalizeAddress(address: string): string {
  if (!isIPv6(address)) return address;
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  return IPV4_MAPPED.exec(short)?.[1] ?? short;
}

/**
 * Whether a normalized address may be probed: never a multicast, broadcast or unspecified one; private and
 * other special ones only with `allowPrivate`.
 */
export function mayProbe(address: string, allowPrivate: boolean): boolean {
  return allowPrivate
    ? !neverProbed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
    : isPublicAddress(address);
}
