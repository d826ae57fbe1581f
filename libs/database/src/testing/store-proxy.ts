import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * `down`: refuses and closes connections. `silent`: closes them; new ones get no response. `stalled`:
 * existing and new ones stay open and get no response, like those to a hung server. `half-open`: existing
 * ones stay open and get no response, as after a restart of a router; new ones work.
 */
export type ProxyState = 'up' | 'down' | 'silent' | 'stalled' | 'half-open';

export interface StoreProxy {
  /** Of the server, through the proxy. */
  url: string;
  setState: (state: ProxyState) => void;
  close: () => Promise<void>;
}

/** Starts a TCP proxy to a PostgreSQL or Redis server whose connections can fail. */
export async function startStoreProxy(serverUrl: string): Promise<StoreProxy> {
  const target = new URL(serverUrl);
  let state: ProxyState = 'up';
  const sockets = new Set<Socket>();
  function keep(socket: Socket): Socket {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  }
  const server = createServer((socket) => {
    keep(socket);
    if (state === 'down') return void socket.destroy();
    if (state === 'silent' || state === 'stalled') return;
    const other = keep(connect(Number(target.port || 5432), target.hostname));
    socket.pipe(other).pipe(socket);
    socket.on('close', () => other.destroy());
    other.on('close', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function setState(next: ProxyState): void {
    state = next;
    for (const socket of sockets) {
      if (next === 'stalled' || next === 'half-open') socket.unpipe().pause();
      else socket.destroy();
    }
  }
  return {
    url: Object.assign(new URL(serverUrl), { hostname: '127.0.0.1', port: String(port) }).href,
    setState,
    async close() {
      setState('down');
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
