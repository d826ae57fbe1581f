import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { Webhook as Verifier } from 'standardwebhooks';

/** A request that a receiver got, its signature verified by the package itself. */
export interface ReceivedRequest {
  id: string;
  payload: { type: string; timestamp: string; data: Record<string, unknown> };
  headers: http.IncomingHttpHeaders;
}

/** How a receiver answers: by its status, or in a way of its own. */
export type ReceiverBehavior =
  | number
  | ((
      got: ReceivedRequest,
      response: http.ServerResponse,
      request: http.IncomingMessage,
    ) => void | Promise<void>);

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A real receiver of webhooks on a port of 127.0.0.1. It refuses what is not signed with its secret. */
export async function startReceiver(secret: string, answering: ReceiverBehavior = 204) {
  const received: ReceivedRequest[] = [];
  let atOnce = 0;
  const state = { answering, most: 0, bad: 0 };
  const listener: http.RequestListener = (request, response) => void answer(request, response);
  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    atOnce += 1;
    state.most = Math.max(state.most, atOnce);
    response.once('close', () => (atOnce -= 1));
    const body = await bodyOf(request);
    const payload = verify(secret, body, request.headers);
    if (!payload) {
      state.bad += 1;
      return void response.writeHead(401).end();
    }
    const one = { id: String(request.headers['webhook-id']), payload, headers: request.headers };
    received.push(one);
    if (typeof state.answering === 'number') return void response.writeHead(state.answering).end();
    await state.answering(one, response, request);
  }
  let server = http.createServer(listener);
  function listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  }
  await listen(0);
  const { port } = server.address() as AddressInfo;
  function down(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    got: received,
    /** Ids in the order in which they came, each once. */
    ids: () => [...new Set(received.map(({ id }) => id))],
    state,
    /** Nobody listens. */
    down,
    async up() {
      server = http.createServer(listener);
      await listen(port);
    },
    close: down,
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

function verify(
  secret: string,
  body: string,
  headers: http.IncomingHttpHeaders,
): ReceivedRequest['payload'] | null {
  try {
    return new Verifier(secret).verify(body, headers as Record<string, string>) as ReceivedRequest['payload'];
  } catch {
    return null;
  }
}

/** Resolves when there is nobody who would be answered: never. */
export const hang: ReceiverBehavior = () => undefined;

export function respondAfter(ms: number, status = 204): ReceiverBehavior {
  return async function respondAfterDelay(_got, response) {
    await sleep(ms);
    response.writeHead(status).end();
  };
}
