import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast and reserved networks. */
const SPECIAL_V4: [string, number][] = [
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
];
/**
 * Global unicast, and IPv4 behind NAT64 (RFC 6052). Mapped, local and multicast addresses are outside of
 * both.
 */
const GLOBAL_V6: [string, number][] = [
  ['2000::', 3],
  ['64:ff9b::', 96],
];
/**
 * Special networks inside `GLOBAL_V6`: protocols and Teredo, documentation, 6to4, special IPv4 behind NAT64.
 */
const SPECIAL_V6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ...SPECIAL_V4.map(([net, prefix]): [string, number] => [`64:ff9b::${net}`, 96 + prefix]),
];

function createBlockList(family: 'ipv4' | 'ipv6', nets: [string, number][]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, family);
  return list;
}
const specialV4 = createBlockList('ipv4', SPECIAL_V4);
const globalV6 = createBlockList('ipv6', GLOBAL_V6);
const specialV6 = createBlockList('ipv6', SPECIAL_V6);

/** Whether a text is an IP address of the public internet; false for any other text. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialV4.check(address, 'ipv4');
  return isIPv6(address) && globalV6.check(address, 'ipv6') && !specialV6.check(address, 'ipv6');
}
