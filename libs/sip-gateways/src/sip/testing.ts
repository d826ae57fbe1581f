import { once } from 'node:events';
import { createSocket, type RemoteInfo } from 'node:dgram';
import type { ProbeTarget } from './prober.ts';

/** The lines of a request that an answer repeats (RFC 3261, 8.2.6.2). */
const COPIED_HEADERS = /^(Via|From|To|Call-ID|CSeq):/i;

/** An answer to a request. `change` may bend its lines. */
export function buildResponse(
  request: string,
  status = '200 OK',
  change: (line: string) => string = (line) => line,
): string {
  const lines = request.split('\r\n').filter((line) => COPIED_HEADERS.test(line));
  return [`SIP/2.0 ${status}`, ...lines.map(change), 'Content-Length: 0', '', ''].join('\r\n');
}

export interface ReceivedRequest {
  text: string;
  from: RemoteInfo;
  /** From 1; of all that came here. */
  number: number;
  respond: (text: string | Buffer) => void;
}

/** A UDP socket of its own that does with each request what it is told. */
export async function startTestServer(onRequest: (asked: ReceivedRequest) => void, address = '127.0.0.1') {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const requests: string[] = [];
  socket.on('message', (bytes, from) => {
    requests.push(String(bytes));
    const answer = (text: string | Buffer) => socket.send(text, from.port, from.address);
    onRequest({ text: String(bytes), from, number: requests.length, respond: answer });
  });
  socket.bind(0, address);
  await once(socket, 'listening');
  const { port } = socket.address();
  const target: ProbeTarget = {
    host: address,
    port,
    transport: 'udp',
    timeoutMs: 10_000,
    allowPrivate: true,
  };
  return {
    socket,
    requests,
    target,
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}
