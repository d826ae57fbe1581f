import { classifyConnectionError, type PostResponse } from '@oriontel/outbound';
import type { Outcome } from '../deliveries/sender.ts';

const HTTP_GONE = 410;

/** 2xx is success; 410 unsubscribes (Standard Webhooks); all others fail, including redirects. */
export function classifyResponse({ status, text }: PostResponse): Outcome {
  // PostgreSQL stores no NUL.
  const response = text.replaceAll('\0', '');
  if (status >= 200 && status < 300) return { result: 'delivered', status, response };
  const { error, detail } = describeFailure(status);
  return { result: 'failed', isPermanent: status === HTTP_GONE, status, error, detail, response };
}

function describeFailure(status: number): { error: string; detail: string } {
  if (status === HTTP_GONE)
    return { error: 'gone', detail: 'The response status was 410: the receiver wants no more messages.' };
  if (status >= 300 && status < 400)
    return {
      error: 'redirect',
      detail: `The response was a redirect (${status}): redirects are not followed.`,
    };
  return { error: 'status', detail: `The response status was ${status}.` };
}

/** Classifies an error of `PostClient.post`. */
export function classifyError(thrown: unknown): Outcome {
  const { error, detail } = classifyConnectionError(thrown);
  return { result: 'failed', isPermanent: false, status: null, error, detail, response: null };
}
