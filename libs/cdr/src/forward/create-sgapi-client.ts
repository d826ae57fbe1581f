import { createPostClient, type PostResponse } from '@oriontel/outbound';
import { signBody } from './sign-body.ts';

/** The remote Service Gateway. */
export interface SgapiClientOptions {
  /** Set by the operator: private addresses are allowed. */
  url: URL;
  secret: string;
  /** Limits a whole request, from connecting to the last byte of the response. */
  timeoutMs: number;
  maxConnections: number;
}

export interface SgapiRequest {
  /** The Idempotency-Key: the same for every attempt. */
  id: string;
  /** Of the request that submitted the batch. */
  requestId: string;
  body: Buffer;
}

export interface SgapiClient {
  /** Follows no redirect. @throws the reason of `signal`, or an error for `classifyError` */
  send: (request: SgapiRequest, signal: AbortSignal) => Promise<PostResponse>;
  close: () => void;
}

/** A reference or an error message is shorter. */
const MAX_RESPONSE_BYTES = 64 * 1024;

export function createSgapiClient({
  url,
  secret,
  timeoutMs,
  maxConnections,
}: SgapiClientOptions): SgapiClient {
  const client = createPostClient({
    allowPrivate: true,
    timeoutMs,
    maxConnections,
    maxTextBytes: MAX_RESPONSE_BYTES,
    isBodyRequired: true,
  });

  function sign(body: Buffer, sentAt: Date): Record<string, string> {
    return { 'x-oriontel-signature': signBody(body, secret, sentAt) };
  }

  return {
    send({ id, requestId, body }, signal) {
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'OrionTel',
        accept: 'application/json',
        'accept-encoding': 'identity',
        'idempotency-key': id,
        'x-request-id': requestId,
      };
      return client.post(url, { headers, body, sign }, signal);
    },
    close: client.close,
  };
}
