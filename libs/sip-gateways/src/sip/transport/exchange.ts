import { parseCopyNumber, sentByOf, type OptionsRequest } from '../message/write-options-request.ts';
import type { SipResponse } from '../message/sip-response.ts';
import type { Outcome } from '../client-transaction.ts';
import type { Endpoint } from '../dns/create-endpoint-resolver.ts';
import type { ProbeTarget } from '../prober.ts';

/** One request to one endpoint. */
export interface Exchange {
  target: ProbeTarget;
  endpoint: Endpoint;
  timeoutMs: number;
  /** If aborted before the outcome, the exchange rejects with its reason. */
  signal: AbortSignal;
}

export type Exchanger = (exchange: Exchange) => Promise<Outcome>;

/** The part of a request that identifies its responses. */
export type PendingRequest = Pick<OptionsRequest, 'branch' | 'local'>;

/**
 * The number of the request copy that a response answers, null if it names none, undefined if it does not
 * match the request (RFC 3261, 17.1.3, 18.1.2 and 8.1.3.3): exactly one Via with our branch and address, and
 * our method. The source address is not checked: the branch is unguessable.
 */
export function matchResponse(
  { vias, method }: SipResponse,
  request: PendingRequest,
): number | null | undefined {
  const [via, another] = vias;
  if (!via || another || method !== 'OPTIONS' || via.params.get('branch') !== request.branch)
    return undefined;
  const sentBy = `${via.host}:${via.port ?? ''}`.toLowerCase();
  return sentBy === sentByOf(request.local).toLowerCase() ? parseCopyNumber(via.params) : undefined;
}
