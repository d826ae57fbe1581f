import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { readRequest, startTestServer } from '@oriontel/outbound/testing';
import { Webhook as Verifier } from 'standardwebhooks';

/** A request with a valid signature. */
export interface ReceivedRequest {
  id: string;
  payload: { type: string; timestamp: string; data: Record<string, unknown> };
  headers: IncomingHttpHeaders;
}

/** How a receiver responds: with a status, or by a function. */
export type ReceiverBehavior =
  number | ((received: ReceivedRequest, response: ServerResponse, request: IncomingMessage) => unknown);

/** Never responds. */
export const hang: ReceiverBehavior = () => undefined;

/** A receiver of webhooks on 127.0.0.1. It responds 401 to requests that are not signed with `secret`. */
export async function startReceiver(secret: string, behavior: ReceiverBehavior = 204) {
  const received: ReceivedRequest[] = [];
  let inFlight = 0;
  const state = { behavior, maxConcurrent: 0, unsigned: 0 };

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    inFlight += 1;
    state.maxConcurrent = Math.max(state.maxConcurrent, inFlight);
    response.once('close', () => (inFlight -= 1));
    const payload = verify(secret, await readRequest(request), request.headers);
    if (!payload) {
      state.unsigned += 1;
      return void response.writeHead(401).end();
    }
    const one = { id: String(request.headers['webhook-id']), payload, headers: request.headers };
    received.push(one);
    if (typeof state.behavior === 'number') return void response.writeHead(state.behavior).end();
    await state.behavior(one, response, request);
  }

  const server = await startTestServer(receive);
  return {
    ...server,
    url: `${server.url}hook`,
    received,
    /** Message ids in order of arrival, each once. */
    ids: () => [...new Set(received.map(({ id }) => id))],
    state,
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

function verify(
  secret: string,
  body: string,
  headers: IncomingHttpHeaders,
): ReceivedRequest['payload'] | null {
  try {
    return new Verifier(secret).verify(body, headers as Record<string, string>) as ReceivedRequest['payload'];
  } catch {
    return null;
  }
}
