import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { createDeadline, type Deadline } from './create-deadline.ts';
import { hasErrorCode } from './outbound-error.ts';
import { assertPublicHost, createLookup, type Resolve } from './public-host.ts';
import { readBody } from './read-body.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { sendRequest, type RequestOptions } from './send-request.ts';

export interface PostClientOptions {
  /** Whether private addresses may be called: only for URLs that the operator chose or allowed. */
  allowPrivate: boolean;
  /** Limits the whole exchange if the body is required, else the time until the head of the response. */
  timeoutMs: number;
  /** @default timeoutMs */
  connectTimeoutMs?: number | undefined;
  /** Connections per host. @default unlimited */
  maxConnections?: number | undefined;
  /** Bytes of a response body that are kept. */
  maxTextBytes: number;
  /** Whether a response counts only with its whole body; if not, its status is enough. */
  isBodyRequired: boolean;
  /** Replaces the DNS lookup in tests. */
  resolve?: Resolve | undefined;
}

export interface PostMessage {
  headers: Record<string, string>;
  body: Buffer;
  /** Returns the headers that sign the body; called for each transmission. */
  sign: (body: Buffer, sentAt: Date) => Record<string, string>;
}

export interface PostResponse {
  status: number;
  /** From the header `Retry-After`; 0 without it. */
  retryAfterSeconds: number;
  /** The start of the body. */
  text: string;
}

export interface PostClient {
  /**
   * Sends a signed message; follows no redirect. A connection that the server closed meanwhile is replaced
   * once.
   * @throws the reason of `signal`, or an error for `classifyConnectionError`
   */
  post: (url: URL, message: PostMessage, signal: AbortSignal) => Promise<PostResponse>;
  close: () => void;
}

const IDLE_SOCKET_TIMEOUT_MS = 10_000;
/** Idle connections kept per host, if `maxConnections` sets no limit. */
const MAX_FREE_SOCKETS = 2;

/** A client for POST requests to hosts that others run. */
export function createPostClient(options: PostClientOptions): PostClient {
  const { allowPrivate, timeoutMs, connectTimeoutMs = timeoutMs, maxTextBytes, isBodyRequired } = options;
  const lookup = createLookup(allowPrivate, options.resolve) as RequestOptions['lookup'];
  const agents = createAgents(options.maxConnections);

  function transmit(
    url: URL,
    { headers, body, sign }: PostMessage,
    connection: Pick<RequestOptions, 'agent' | 'signal'>,
  ): Promise<IncomingMessage> {
    const signed = { ...headers, 'content-length': body.length, ...sign(body, new Date()) };
    return sendRequest(url, { headers: signed, body, lookup, connectTimeoutMs, ...connection });
  }

  async function exchange(url: URL, message: PostMessage, { signal, race }: Deadline): Promise<PostResponse> {
    signal.throwIfAborted();
    if (!allowPrivate) assertPublicHost(url.hostname);
    const agent = url.protocol === 'https:' ? agents.https : agents.http;
    const sending = transmit(url, message, { agent, signal }).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ESTALECONNECTION')) throw error;
      return transmit(url, message, { agent: false, signal });
    });
    const response = await race(sending);
    const reading = readBody(response, { maxTextBytes, isRequired: isBodyRequired });
    return {
      status: response.statusCode ?? 0,
      retryAfterSeconds: retryAfterSeconds(response.headers['retry-after'], new Date()),
      text: await (isBodyRequired ? race(reading) : reading),
    };
  }

  return {
    async post(url, message, signal) {
      const deadline = createDeadline(timeoutMs, signal);
      try {
        return await exchange(url, message, deadline);
      } finally {
        deadline.release();
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

function createAgents(maxSockets: number | undefined) {
  const options = {
    keepAlive: true,
    maxFreeSockets: maxSockets ?? MAX_FREE_SOCKETS,
    timeout: IDLE_SOCKET_TIMEOUT_MS,
    ...(maxSockets !== undefined && { maxSockets }),
  };
  return { http: new http.Agent(options), https: new https.Agent(options) };
}
