import { once } from 'node:events';
import { createSocket, type RemoteInfo } from 'node:dgram';
import type { ProbeTarget } from './prober.ts';

/** The headers of a request that a response copies (RFC 3261, 8.2.6.2). */
const COPIED_HEADERS = /^(Via|From|To|Call-ID|CSeq):/i;

/** A response to a request; `change` may modify the copied headers. */
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
  /** Count of received requests, from 1. */
  number: number;
  respond: (text: string | Buffer) => void;
}

/** A UDP server that calls `onRequest` for each request. */
export async function startTestServer(onRequest: (request: ReceivedRequest) => void, address = '127.0.0.1') {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const requests: string[] = [];
  socket.on('message', (bytes, from) => {
    requests.push(String(bytes));
    const respond = (text: string | Buffer) => socket.send(text, from.port, from.address);
    onRequest({ text: String(bytes), from, number: requests.length, respond });
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
