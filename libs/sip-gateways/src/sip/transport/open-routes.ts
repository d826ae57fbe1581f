import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import pLimit from 'p-limit';
import { rememberByTtl } from '../names/remember-by-ttl.ts';

/** Seconds for which a route is believed. */
const ROUTE_TTL = 60;
const AT_ONCE = 64;

const askKernel = (address: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const settle = (error?: Error): void => {
      if (error) reject(error);
      else resolve(socket.address().address);
      socket.close();
    };
    socket.once('error', settle);
    // Any port: to connect a datagram socket sends nothing and asks only for the route.
    socket.connect(5060, address, settle);
  });

/** Which of our addresses packets to an address leave from: what Via and Contact say of a socket that is bound to all of them. */
export const openRoutes = (): ((address: string) => Promise<string>) => {
  const limit = pLimit(AT_ONCE);
  return rememberByTtl(async (address) => ({ value: await limit(() => askKernel(address)), ttl: ROUTE_TTL }));
};
