import { isIP } from 'node:net';
import { required } from '@oriontel/contracts';
import { z } from 'zod';

const MUST = 'must be an IPv4 or IPv6 address';

/** Without a zone: `%eth0` means something on one machine only, and the database has no place for it. */
export const IpAddress = z
  .string(required(MUST))
  .refine((address) => isIP(address) !== 0 && !address.includes('%'), MUST);

const MAPPED = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/;

/** One spelling for each address (RFC 5952); an IPv4 address that came over an IPv6 socket is an IPv4 address. */
export const normalizeAddress = (address: string): string => {
  if (isIP(address) === 4) return address;
  const compressed = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = MAPPED.exec(compressed) ?? [];
  if (high === undefined || low === undefined) return compressed;
  return [high, low].flatMap((half) => bytesOf(Number.parseInt(half, 16))).join('.');
};

const bytesOf = (half: number): number[] => [half >> 8, half & 0xff];
