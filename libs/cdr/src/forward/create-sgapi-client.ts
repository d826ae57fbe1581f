import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { readResponse } from './read-response.ts';
import { signBody } from './sign-body.ts';

/** The remote Service Gateway. */
export interface SgapiClientOptions {
  /** The operator's own: private addresses are allowed. */
  url: URL;
  secret: string;
  /** Milliseconds from the first byte to the last, connecting and reading included. */
  timeoutMs: number;
  /** At once. */
  maxConnections: number;
}

export interface SgapiRequest {
  /** The Idempotency-Key: the same at every try. */
  id: string;
  /** Of the request that brought the batch. */
  requestId: string;
  body: Buffer;
}

export interface SgapiResponse {
  status: number;
  retryAfter: string | undefined;
  /** null where it was too long to be read. */
  text: string | null;
}

export interface SgapiClient {
  /** Follows no redirect. Rejects with the socket's error, a TimeoutError, or the reason of `stopping`. */
  send: (message: SgapiRequest, stopping: AbortSignal) => Promise<SgapiResponse>;
  close: () => void;
}

export function createSgapiClient({
  url,
  secret,
  timeoutMs,
  maxConnections,
}: SgapiClientOptions): SgapiClient {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });

  function exchange({ id, requestId, body }: SgapiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': body.length,
        'user-agent': 'OrionTel',
        accept: 'application/json',
        'accept-encoding': 'identity',
        'idempotency-key': id,
        'x-oriontel-signature': signBody(body, secret, new Date()),
        'x-request-id': requestId,
      };
      const sent = request(url, { method: 'POST', agent, headers, signal }, resolve);
      sent.on('error', reject);
      // Without a listener the connection would be closed and nobody told.
      sent.on('upgrade', (_answer, socket) => {
        socket.destroy();
        reject(new Error('the receiver changed the protocol'));
      });
      sent.end(body);
    });
  }

  return {
    async send(message, stopping) {
      const { signal, release } = createTimeoutSignal(timeoutMs, stopping);
      async function answered(): Promise<SgapiResponse> {
        const answer = await exchange(message, signal);
        const text = await readResponse(answer);
        return { status: answer.statusCode!, retryAfter: answer.headers['retry-after'], text };
      }
      return Promise.race([untilAborted(signal), answered()]).finally(release);
    },
    close: () => agent.destroy(),
  };
}

/** Not AbortSignal.any: it would hold on to `stopping`, which lives as long as the process, once for each message. */
function createTimeoutSignal(
  ms: number,
  stopping: AbortSignal,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort(stopping.reason);
  const timer = setTimeout(() => controller.abort(new DOMException('too late', 'TimeoutError')), ms);
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop);
  function release() {
    clearTimeout(timer);
    stopping.removeEventListener('abort', stop);
  }
  return { signal: controller.signal, release };
}

/** Also where the socket does not stir. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}
