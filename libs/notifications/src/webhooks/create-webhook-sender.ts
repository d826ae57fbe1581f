import { createPostClient, type Resolve } from '@oriontel/outbound';
import type { OutgoingDelivery } from '../deliveries/delivery.ts';
import type { Endpoint, Outcome, SendWebhook } from '../deliveries/sender.ts';
import { buildMessage } from './build-message.ts';
import { classifyError, classifyResponse } from './classify-response.ts';

export interface WebhookSenderOptions {
  /** Whether private addresses may be called: for receivers in the operator's own network. */
  allowPrivate: boolean;
  /** Limits the time until the head of the response. @default 15000 */
  timeoutMs?: number;
  /** @default 5000 */
  connectTimeoutMs?: number;
  /** Replaces the DNS lookup in tests. */
  resolve?: Resolve;
}

export interface WebhookSender {
  send: SendWebhook;
  close: () => void;
}

const MAX_STORED_RESPONSE_BYTES = 1_024;

/** Sends deliveries to webhooks as messages of Standard Webhooks. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { allowPrivate, timeoutMs = 15_000, connectTimeoutMs = 5_000, resolve } = options;
  const client = createPostClient({
    allowPrivate,
    timeoutMs,
    connectTimeoutMs,
    maxTextBytes: MAX_STORED_RESPONSE_BYTES,
    isBodyRequired: false,
    resolve,
  });

  async function send(
    delivery: OutgoingDelivery,
    { url, secret }: Endpoint,
    signal: AbortSignal,
  ): Promise<Outcome> {
    try {
      return classifyResponse(await client.post(new URL(url), buildMessage(delivery, secret), signal));
    } catch (error) {
      signal.throwIfAborted();
      return classifyError(error);
    }
  }

  return { send, close: client.close };
}
