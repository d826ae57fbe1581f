import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import pLimit from 'p-limit';
import { memoizeByTtl } from '../dns/memoize-by-ttl.ts';

const ROUTE_TTL_SECONDS = 60;
const MAX_CONCURRENT_LOOKUPS = 64;
/** Connecting a datagram socket sends nothing, so any port works. */
const LOOKUP_PORT = 5060;

function queryLocalAddress(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    function settle(error?: Error): void {
      if (error) reject(error);
      else resolve(socket.address().address);
      socket.close();
    }
    socket.once('error', settle);
    socket.connect(LOOKUP_PORT, address, settle);
  });
}

/**
 * Finds the local address that packets to an address are sent from: Via and Contact need it. Cached per
 * address.
 */
export function createLocalAddressLookup(): (address: string) => Promise<string> {
  const limit = pLimit(MAX_CONCURRENT_LOOKUPS);
  return memoizeByTtl(async (address) => ({
    value: await limit(() => queryLocalAddress(address)),
    ttlSeconds: ROUTE_TTL_SECONDS,
  }));
}
