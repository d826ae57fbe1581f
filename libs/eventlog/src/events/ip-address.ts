import { isIP } from 'node:net';
import { required } from '@oriontel/contracts';
import { z } from 'zod';

const ADDRESS_MESSAGE = 'must be an IPv4 or IPv6 address';

/** Without a zone id such as `%eth0`: it is local to a machine, and PostgreSQL's inet cannot store it. */
export const IpAddress = z
  .string(required(ADDRESS_MESSAGE))
  .refine((address) => isIP(address) !== 0 && !address.includes('%'), ADDRESS_MESSAGE);

const IPV4_MAPPED = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/;

/** The canonical text form (RFC 5952); an IPv4-mapped IPv6 address becomes the IPv4 address. */
export function normalizeAddress(address: string): string {
  if (isIP(address) === 4) return address;
  const compressed = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = IPV4_MAPPED.exec(compressed) ?? [];
  if (high === undefined || low === undefined) return compressed;
  return [high, low].flatMap((half) => splitBytes(Number.parseInt(half, 16))).join('.');
}

const splitBytes = (half: number): number[] => [half >> 8, half & 0xff];
