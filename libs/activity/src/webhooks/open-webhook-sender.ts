import http from 'node:http';
import https from 'node:https';
import type { SendWebhook } from '../deliveries/sender.ts';
import { explainError, judgeAnswer, NO_ANSWER } from './judge-answer.ts';
import { post, STALE, type PostOptions } from './post.ts';
import { mustBePublic, openLookup, type Resolve } from './public-host.ts';
import type { Answer } from './read-answer.ts';
import { writeMessage } from './write-message.ts';

export interface WebhookSenderOptions {
  /** Private addresses may be called: for receivers in the operator's own network. */
  allowPrivate: boolean;
  /** Milliseconds from the first look to the head of the answer; 15,000 where it is absent. */
  timeout?: number;
  /** Of it, for the connection; 5,000. */
  connectTimeout?: number;
  resolve?: Resolve;
}

export interface WebhookSender {
  send: SendWebhook;
  close: () => void;
}

/** Milliseconds that a connection stays for the next message. */
const IDLE = 10_000;
const KEPT = { keepAlive: true, maxFreeSockets: 2, timeout: IDLE };

const noAnswer = (): Error => Object.assign(new Error('no answer in time'), { code: NO_ANSWER });

/** Sends messages of Standard Webhooks. */
export const openWebhookSender = (options: WebhookSenderOptions): WebhookSender => {
  const { allowPrivate, timeout = 15_000, connectTimeout = 5_000, resolve } = options;
  const lookup = openLookup(allowPrivate, resolve) as PostOptions['lookup'];
  const agents = { http: new http.Agent(KEPT), https: new https.Agent(KEPT) };

  const send: SendWebhook = async (delivery, endpoint, signal) => {
    const ending = new AbortController();
    const late = setTimeout(() => ending.abort(noAnswer()), timeout);
    const give = (): void => ending.abort(signal.reason);
    signal.addEventListener('abort', give, { once: true });
    try {
      signal.throwIfAborted();
      const url = new URL(endpoint.url);
      if (!allowPrivate) mustBePublic(url.hostname);
      const agent = url.protocol === 'https:' ? agents.https : agents.http;
      const message = writeMessage(delivery, endpoint.secret);
      const sending = { lookup, connectTimeout, signal: ending.signal };
      const answer: Answer = await post(url, message, { ...sending, agent }).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== STALE) throw error;
        return post(url, message, { ...sending, agent: false });
      });
      return judgeAnswer(answer);
    } catch (error) {
      signal.throwIfAborted();
      return explainError(error);
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', give);
    }
  };

  return {
    send,
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
};
