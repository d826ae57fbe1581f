import http from 'node:http';
import https from 'node:https';
import type { SendWebhook } from '../deliveries/sender.ts';
import { classifyError, classifyResponse, NO_RESPONSE } from './classify-response.ts';
import { post, STALE_CONNECTION, type PostOptions } from './post.ts';
import { assertPublicHost, createLookup, type Resolve } from './public-host.ts';
import type { WebhookResponse } from './read-response.ts';
import { buildMessage } from './build-message.ts';

export interface WebhookSenderOptions {
  /** Private addresses may be called: for receivers in the operator's own network. */
  allowPrivate: boolean;
  /** Milliseconds from the first look to the head of the answer; 15,000 where it is absent. */
  timeoutMs?: number;
  /** Of it, for the connection; 5,000. */
  connectTimeoutMs?: number;
  resolve?: Resolve;
}

export interface WebhookSender {
  send: SendWebhook;
  close: () => void;
}

/** Milliseconds that a connection stays for the next message. */
const IDLE_SOCKET_TIMEOUT_MS = 10_000;
const AGENT_OPTIONS = { keepAlive: true, maxFreeSockets: 2, timeout: IDLE_SOCKET_TIMEOUT_MS };

const noResponseError = (): Error => Object.assign(new Error('no answer in time'), { code: NO_RESPONSE });

/** Sends messages of Standard Webhooks. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { allowPrivate, timeoutMs = 15_000, connectTimeoutMs = 5_000, resolve } = options;
  const lookup = createLookup(allowPrivate, resolve) as PostOptions['lookup'];
  const agents = { http: new http.Agent(AGENT_OPTIONS), https: new https.Agent(AGENT_OPTIONS) };

  const send: SendWebhook = async (delivery, endpoint, signal) => {
    const ending = new AbortController();
    const late = setTimeout(() => ending.abort(noResponseError()), timeoutMs);
    const give = (): void => ending.abort(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    try {
      signal.throwIfAborted();
      const url = new URL(endpoint.url);
      if (!allowPrivate) assertPublicHost(url.hostname);
      const agent = url.protocol === 'https:' ? agents.https : agents.http;
      const message = buildMessage(delivery, endpoint.secret);
      const sending = { lookup, connectTimeoutMs, signal: ending.signal };
      const answer: WebhookResponse = await post(url, message, { ...sending, agent }).catch(
        (error: unknown) => {
          if ((error as { code?: unknown }).code !== STALE_CONNECTION) throw error;
          return post(url, message, { ...sending, agent: false });
        },
      );
      return classifyResponse(answer);
    } catch (error) {
      signal.throwIfAborted();
      return classifyError(error);
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', give);
    }
  };

  return {
    send,
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
