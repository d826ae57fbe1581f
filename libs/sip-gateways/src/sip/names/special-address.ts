import { BlockList, isIPv6, SocketAddress } from 'node:net';

/** RFC 6890 and its registries. */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const SPECIAL_V6 = [
  // Unspecified, loopback and IPv4-compatible.
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];
/** Nobody, or everybody: never a gateway, so not probed by whoever allows private addresses either. */
const NEVER_V4 = ['0.0.0.0/8', '224.0.0.0/4', '255.255.255.255/32'];
const NEVER_V6 = ['::/128', 'ff00::/8'];

const listOf = (v4: string[], v6: string[]): BlockList => {
  const list = new BlockList();
  const add = (net: string, family: 'ipv4' | 'ipv6', prefix = '', bits = 0) => {
    const [address, length] = net.split('/') as [string, string];
    list.addSubnet(prefix + address, bits + Number(length), family);
  };
  for (const net of v4) {
    add(net, 'ipv4');
    // The same seen through NAT64 (RFC 6052).
    add(net, 'ipv6', '64:ff9b::', 96);
  }
  for (const net of v6) add(net, 'ipv6');
  return list;
};
const special = listOf(SPECIAL_V4, SPECIAL_V6);
const never = listOf(NEVER_V4, NEVER_V6);

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** The shortest form; an IPv4 address in IPv6 clothes (`::ffff:7f00:1`) becomes what it is. */
export const plainAddress = (address: string): string => {
  if (!isIPv6(address)) return address;
  const short = new SocketAddress({ address, family: 'ipv6' }).address;
  return MAPPED.exec(short)?.[1] ?? short;
};

/** Whether a plain address may be probed: never a multicast, broadcast or unspecified one, and special ones where they are allowed. */
export const mayProbe = (address: string, allowPrivate: boolean): boolean =>
  !(allowPrivate ? never : special).check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
