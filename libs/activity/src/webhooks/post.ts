import http from 'node:http';
import https from 'node:https';
import type { Message } from './write-message.ts';
import { readAnswer, type Answer } from './read-answer.ts';

export interface PostOptions {
  agent: http.Agent | false;
  /** Where connections are made to; an agent has its own. */
  lookup: http.RequestOptions['lookup'];
  /** Milliseconds. */
  connectTimeout: number;
  signal: AbortSignal;
}

/** Attempts at each address of a host that has several: Node's own 250 ms are too few for the other side of the world. */
const EACH_ADDRESS = 2_000;

/** Posts a message and reads what is answered; follows nobody anywhere. @throws what Node says of the connection */
export const post = (url: URL, { headers, body }: Message, options: PostOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { agent, lookup, connectTimeout, signal } = options;
    const { request: open } = url.protocol === 'https:' ? https : http;
    const length = { 'content-length': Buffer.byteLength(body) };
    const request = open(url, {
      method: 'POST',
      agent,
      lookup,
      signal,
      headers: { ...headers, ...length },
      ...({ autoSelectFamilyAttemptTimeout: EACH_ADDRESS } as object),
    });
    const give = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', give, { once: true });
    const go = (): void => signal.removeEventListener('abort', give);
    request.once('close', go);
    request.on('socket', (socket) => {
      if (!socket.connecting) return;
      const late = setTimeout(() => request.destroy(tooLate()), connectTimeout);
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
      void readAnswer(response).then(resolve, reject);
    });
    request.on('error', (error: NodeJS.ErrnoException) => reject(isStale(request, error) ? stale() : error));
    request.end(body);
  });

/** Said of a connection that was kept open and that its server closed meanwhile: another one will do. */
export const STALE = 'ESTALECONNECTION';
const stale = (): Error => Object.assign(new Error('the connection was closed'), { code: STALE });
const isStale = (request: http.ClientRequest, { code }: NodeJS.ErrnoException): boolean =>
  request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');

const tooLate = (): Error => Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
