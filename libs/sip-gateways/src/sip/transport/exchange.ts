import { parseCopyNumber, sentByOf, type OptionsRequest } from '../message/write-options-request.ts';
import type { SipResponse } from '../message/sip-response.ts';
import type { Outcome } from '../client-transaction.ts';
import type { Endpoint } from '../dns/create-endpoint-resolver.ts';
import type { ProbeTarget } from '../prober.ts';

/** One request to one place. */
export interface Exchange {
  target: ProbeTarget;
  endpoint: Endpoint;
  /** Milliseconds that are left. */
  timeoutMs: number;
  /** Where it is aborted before the outcome, the exchange rejects. */
  signal: AbortSignal;
}

export type Exchanger = (exchange: Exchange) => Promise<Outcome>;

/** What is known of one under way to tell its answers. */
export type PendingRequest = Pick<OptionsRequest, 'branch' | 'local'>;

/**
 * Whether a response is one to a request (RFC 3261, 17.1.3, 18.1.2 and 8.1.3.3): one Via and no second, with our branch and address,
 * and our method. From where it comes does not count there either: the branch cannot be guessed. Undefined where it is not, else the
 * copy it is to.
 */
export function matchResponse(
  { vias, method }: SipResponse,
  asked: PendingRequest,
): number | null | undefined {
  const [via, another] = vias;
  if (!via || another || method !== 'OPTIONS' || via.params.get('branch') !== asked.branch) return undefined;
  const sentBy = `${via.host}:${via.port ?? ''}`.toLowerCase();
  return sentBy === sentByOf(asked.local).toLowerCase() ? parseCopyNumber(via.params) : undefined;
}
