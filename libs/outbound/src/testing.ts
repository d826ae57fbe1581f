import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';

export interface TestServer {
  url: string;
  port: number;
  /** Refuses connections and closes those it has … */
  down: () => Promise<void>;
  /** … and accepts them again on the same port. */
  up: () => Promise<void>;
  close: () => Promise<void>;
}

/** An HTTP server on a free port of 127.0.0.1. A handler that rejects closes its connection. */
export async function startTestServer(
  handle: (request: http.IncomingMessage, response: http.ServerResponse) => unknown,
): Promise<TestServer> {
  async function respond(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      await handle(request, response);
    } catch {
      response.destroy();
    }
  }
  const server = http.createServer((request, response) => void respond(request, response));
  async function listen(port: number): Promise<number> {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }
  async function down(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    down,
    up: async () => void (await listen(port)),
    close: down,
  };
}

/** A TCP server on a free port of 127.0.0.1 that speaks after the first data of each connection. */
export async function startRawServer(
  speak: (socket: Socket) => void,
): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => speak(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Reads the whole body of a request. */
export async function readRequest(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
