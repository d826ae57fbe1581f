import { isIPv4, isIPv6 } from 'node:net';
import { required } from '@oriontel/contracts';
import { z } from 'zod';

const MUST =
  'must be a host name like sip.example.com, an IPv4 or an IPv6 address, without port and brackets';

const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
/** A top label that begins with a digit belongs to an IPv4 address (RFC 3261, 25.1: toplabel). */
const TOP_LABEL = /^[A-Za-z]/;
const MAX_NAME_LENGTH = 253;

/** RFC 1123, 2.1. */
function isName(host: string): boolean {
  if (host.length > MAX_NAME_LENGTH) return false;
  const labels = host.split('.');
  return labels.every((label) => LABEL.test(label)) && TOP_LABEL.test(labels.at(-1)!);
}

// An IPv6 zone is valid on one machine only.
function isHost(host: string): boolean {
  return isIPv4(host) || (isIPv6(host) && !host.includes('%')) || isName(host);
}

/**
 * Host name or address of a gateway. The prober checks the resolved address: a name may resolve anywhere
 * later.
 */
export const Host = z.string(required(MUST)).refine(isHost, MUST);
