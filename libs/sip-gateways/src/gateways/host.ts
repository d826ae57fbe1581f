import { isIPv4, isIPv6 } from 'node:net';
import { required } from '@oriontel/contracts';
import { z } from 'zod';

const MUST = 'must be a name like sip.example.com, an IPv4 or an IPv6 address, without port and brackets';

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** What begins with a digit is part of an address (RFC 3261, 25.1: toplabel). */
const TOP_LABEL = /^[A-Za-z]/;
const MAX_NAME_LENGTH = 253;

/** RFC 1123, 2.1. */
function isName(host: string): boolean {
  if (host.length > MAX_NAME_LENGTH) return false;
  const labels = host.split('.');
  return labels.every((label) => LABEL.test(label)) && TOP_LABEL.test(labels.at(-1)!);
}

// A zone is one machine's own.
function isHost(host: string): boolean {
  return isIPv4(host) || (isIPv6(host) && !host.includes('%')) || isName(host);
}

/** Where a gateway is. Whether it may be asked there is the prober's matter: a name may lead anywhere by then. */
export const Host = z.string(required(MUST)).refine(isHost, MUST);
