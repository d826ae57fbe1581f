import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Transport } from '../prober.ts';

/** The unguessable identifiers of a request. */
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
  /** Where responses are sent to: the local address of the route to the target. */
  local: { address: string; port: number };
  userAgent: string;
}

/** A host in a URI or Via: IPv6 in brackets and without its zone, which is valid on this host only. */
const formatUriHost = (host: string): string => (isIPv6(host) ? `[${host.split('%')[0]}]` : host);

export function sentByOf({ address, port }: OptionsRequest['local']): string {
  return `${formatUriHost(address)}:${port}`;
}

/**
 * Returns a function that writes the text of an OPTIONS request (RFC 3261, 11.1) for each copy sent, numbered
 * from 1. Copies differ only in a Via parameter with that number, which a response copies (8.2.6.2).
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

/** The number of the copy that a response answers; null if the server did not copy the parameter. */
export function parseCopyNumber(params: ReadonlyMap<string, string | null>): number | null {
  const copy = params.get('copy') ?? '';
  return /^\d{1,3}$/.test(copy) ? Number(copy) : null;
}
