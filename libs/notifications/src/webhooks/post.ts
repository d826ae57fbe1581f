import http from 'node:http';
import https from 'node:https';
import type { Message } from './build-message.ts';
import { readResponse, type WebhookResponse } from './read-response.ts';

export interface PostOptions {
  agent: http.Agent | false;
  /** Where connections are made to; an agent has its own. */
  lookup: http.RequestOptions['lookup'];
  /** Milliseconds. */
  connectTimeoutMs: number;
  signal: AbortSignal;
}

/** Attempts at each address of a host that has several: Node's own 250 ms are too few for the other side of the world. */
const ADDRESS_ATTEMPT_TIMEOUT_MS = 2_000;

/** Posts a message and reads what is answered; follows nobody anywhere. @throws what Node says of the connection */
export function post(url: URL, { headers, body }: Message, options: PostOptions): Promise<WebhookResponse> {
  return new Promise((resolve, reject) => {
    const { agent, lookup, connectTimeoutMs, signal } = options;
    const { request: open } = url.protocol === 'https:' ? https : http;
    const length = { 'content-length': Buffer.byteLength(body) };
    const request = open(url, {
      method: 'POST',
      agent,
      lookup,
      signal,
      headers: { ...headers, ...length },
      ...({ autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_TIMEOUT_MS } as object),
    });
    const give = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', give, { once: true });
    const go = (): void => signal.removeEventListener('abort', give);
    request.once('close', go);
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const late = setTimeout(() => request.destroy(connectTimeoutError()), connectTimeoutMs);
      for (const event of ['connect', 'close'] as const) socket.once(event, () => clearTimeout(late));
    });
    // Whoever wants another protocol gets none.
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, text: '' });
    });
    request.on('response', (response) => {
      // Its head has come: what is late from now on is cut off, and counts all the same.
      go();
      void readResponse(response).then(resolve, reject);
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      reject(isStale(request, error) ? staleConnectionError() : error),
    );
    request.end(body);
  });
}

/** Said of a connection that was kept open and that its server closed meanwhile: another one will do. */
export const STALE_CONNECTION = 'ESTALECONNECTION';
function staleConnectionError(): Error {
  return Object.assign(new Error('the connection was closed'), { code: STALE_CONNECTION });
}
function isStale(request: http.ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}

function connectTimeoutError(): Error {
  return Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
}
