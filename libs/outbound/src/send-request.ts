import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { outboundError } from './outbound-error.ts';

export interface RequestOptions {
  headers: Record<string, string | number>;
  body: Buffer;
  /** False opens a connection of its own. */
  agent: http.Agent | false;
  lookup: http.RequestOptions['lookup'];
  connectTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Time for each address of a host that has several: Node's default of 250 ms is too short for distant hosts.
 */
const ADDRESS_ATTEMPT_TIMEOUT_MS = 2_000;

/**
 * Sends a POST request and resolves with the head of the response; of a 101 the connection is closed. Follows
 * no redirect.
 * @throws ESTALECONNECTION if the server closed a kept connection: send again on another one; else the
 * socket's error
 */
export function sendRequest(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  const { body, connectTimeoutMs, ...rest } = options;
  const { request: createRequest } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = createRequest(url, {
      ...rest,
      method: 'POST',
      ...({ autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_TIMEOUT_MS } as object),
    });
    limitConnectTime(request, connectTimeoutMs);
    // Without a listener Node would close the connection without any event.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    request.on('response', resolve);
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(isStale(request, error) ? outboundError('ESTALECONNECTION', 'connection closed', error) : error),
    );
    request.end(body);
  });
}

function limitConnectTime(request: ClientRequest, timeoutMs: number): void {
  request.on('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => request.destroy(outboundError('ETIMEDOUT', `not connected within ${timeoutMs} ms`)),
      timeoutMs,
    );
    for (const event of ['connect', 'close'] as const) socket.once(event, () => clearTimeout(timer));
  });
}

function isStale(request: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}
