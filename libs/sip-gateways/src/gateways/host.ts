import { isIPv4, isIPv6 } from 'node:net';
import { required } from '@oriontel/contracts';
import { z } from 'zod';

const MUST = 'must be a name like sip.example.com, an IPv4 or an IPv6 address, without port and brackets';

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** What begins with a digit is part of an address (RFC 3261, 25.1: toplabel). */
const TOP = /^[A-Za-z]/;
const LONGEST = 253;

/** RFC 1123, 2.1. */
const isName = (host: string): boolean => {
  if (host.length > LONGEST) return false;
  const labels = host.split('.');
  return labels.every((label) => LABEL.test(label)) && TOP.test(labels.at(-1)!);
};

// A zone is one machine's own.
const isHost = (host: string): boolean =>
  isIPv4(host) || (isIPv6(host) && !host.includes('%')) || isName(host);

/** Where a gateway is. Whether it may be asked there is the prober's matter: a name may lead anywhere by then. */
export const Host = z.string(required(MUST)).refine(isHost, MUST);
