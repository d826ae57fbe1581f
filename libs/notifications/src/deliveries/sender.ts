import type { OutgoingDelivery } from './delivery.ts';

/** What became of one try to hand a notification over. */
export type Outcome =
  | { result: 'taken'; status: number | null; response: string | null }
  | {
      result: 'failed';
      /** Another try is of no use: the address is refused for good, the webhook's receiver is gone. */
      final: boolean;
      /** Of HTTP or SMTP, where there was an answer. */
      status: number | null;
      /** A word for programs: timeout, connection, tls … */
      error: string;
      /** A sentence for people, without internals. */
      detail: string;
      /** How the answer begins, at most 1 KB. */
      response: string | null;
    };

export interface Endpoint {
  url: string;
  secret: string;
}

/** Tells by its outcome what went wrong, and never rejects but where `signal` is aborted; is done within half a lease. */
export type SendWebhook = (
  delivery: OutgoingDelivery,
  endpoint: Endpoint,
  signal: AbortSignal,
) => Promise<Outcome>;
export type SendEmail = (delivery: OutgoingDelivery, signal: AbortSignal) => Promise<Outcome>;

export interface Senders {
  webhook: SendWebhook;
  /** Absent: emails wait. */
  email?: SendEmail | undefined;
}
