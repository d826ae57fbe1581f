import type { OutgoingDelivery } from './delivery.ts';

/** The result of one attempt to deliver a notification. */
export type Outcome =
  | { result: 'delivered'; status: number | null; response: string | null }
  | {
      result: 'failed';
      /** Whether retries are useless: the address is rejected, or the webhook's receiver is gone. */
      isPermanent: boolean;
      /** HTTP or SMTP status; null without a response. */
      status: number | null;
      /** A code for programs: timeout, connection, tls … */
      error: string;
      /** A sentence for users, without internals. */
      detail: string;
      /** The start of the response, at most 1 KB. */
      response: string | null;
    };

export interface Endpoint {
  url: string;
  secret: string;
}

/** Rejects only if `signal` is aborted; all other errors are outcomes. Takes at most half of a lease. */
export type SendWebhook = (
  delivery: OutgoingDelivery,
  endpoint: Endpoint,
  signal: AbortSignal,
) => Promise<Outcome>;

/** Rejects only if `signal` is aborted. */
export type SendEmail = (delivery: OutgoingDelivery, signal: AbortSignal) => Promise<Outcome>;

export interface Senders {
  webhook: SendWebhook;
  /** Without it emails stay pending. */
  email?: SendEmail | undefined;
}
