import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Transport } from '../prober.ts';

/** Of a probe; none of them can be guessed by somebody who does not see it. */
export interface OptionsIds {
  /** RFC 3261, 8.1.1.7: begins with the magic cookie. */
  branch: string;
  tag: string;
  callId: string;
}

export function createOptionsIds(): OptionsIds {
  const random = randomBytes(40).toString('hex');
  return {
    branch: `z9hG4bK${random.slice(0, 32)}`,
    tag: random.slice(32, 48),
    callId: random.slice(48),
  };
}

export interface OptionsRequest extends OptionsIds {
  target: { host: string; port?: number | null; transport: Transport };
  /** Where answers are to be sent: our address on the way to the target. */
  local: { address: string; port: number };
  userAgent: string;
}

/** As a host stands in a URI or Via: IPv6 in brackets, without its zone, which means something on this host only. */
const formatUriHost = (host: string): string => (isIPv6(host) ? `[${host.split('%')[0]}]` : host);

export function sentByOf({ address, port }: OptionsRequest['local']): string {
  return `${formatUriHost(address)}:${port}`;
}

/**
 * The text of an OPTIONS request (RFC 3261, 11.1), as a function of which copy of it is sent, from 1. The number stands in a
 * parameter of our own in Via, which an answer repeats (8.2.6.2): the one thing in which the copies differ.
 */
export function writeOptionsRequest(request: OptionsRequest): (copy: number) => string {
  const { target, local, branch, tag, callId, userAgent } = request;
  const port = target.port ? `:${target.port}` : '';
  const transport = target.transport === 'udp' ? '' : `;transport=${target.transport}`;
  const uri = `sip:${formatUriHost(target.host)}${port}${transport}`;
  const own = formatUriHost(local.address);
  const rest = [
    'Max-Forwards: 70',
    `From: <sip:probe@${own}>;tag=${tag}`,
    `To: <${uri}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:probe@${sentByOf(local)}${transport}>`,
    'Accept: application/sdp',
    `User-Agent: ${userAgent}`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
  const via = `SIP/2.0/${target.transport.toUpperCase()} ${sentByOf(local)};rport;branch=${branch}`;
  return function writeCopy(copy) {
    return `OPTIONS ${uri} SIP/2.0\r\nVia: ${via};copy=${copy}\r\n${rest}`;
  };
}

/** Which copy an answer is to; null where the server did not repeat the parameter. */
export function parseCopyNumber(params: ReadonlyMap<string, string | null>): number | null {
  const copy = params.get('copy') ?? '';
  return /^\d{1,3}$/.test(copy) ? Number(copy) : null;
}
