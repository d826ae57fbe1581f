import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import pLimit from 'p-limit';
import { memoizeByTtl } from '../dns/memoize-by-ttl.ts';

/** Seconds for which a route is believed. */
const ROUTE_TTL_SECONDS = 60;
const MAX_CONCURRENT_LOOKUPS = 64;

function queryLocalAddress(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    function settle(error?: Error): void {
      if (error) reject(error);
      else resolve(socket.address().address);
      socket.close();
    }
    socket.once('error', settle);
    // Any port: to connect a datagram socket sends nothing and asks only for the route.
    socket.connect(5060, address, settle);
  });
}

/** Which of our addresses packets to an address leave from: what Via and Contact say of a socket that is bound to all of them. */
export function createLocalAddressLookup(): (address: string) => Promise<string> {
  const limit = pLimit(MAX_CONCURRENT_LOOKUPS);
  return memoizeByTtl(async (address) => ({
    value: await limit(() => queryLocalAddress(address)),
    ttl: ROUTE_TTL_SECONDS,
  }));
}
