import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** In the log of a server that could not bind: the port may be free again when it is checked afterward. */
export const PORT_IN_USE = /address already in use|another postmaster already running on port/i;

/** Whether the port can be listened on now. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return tryPort(port, host).then(
    () => true,
    () => false,
  );
}

/** Listens on the port, closes it and returns its number. @throws the error of the operating system. */
export async function tryPort(port: number, host: string): Promise<number> {
  const server = await bind(port, host);
  const { port: assigned } = server.address() as AddressInfo;
  await close(server);
  return assigned;
}

/**
 * A free port chosen by the operating system. Another process may take it before it is used: be ready to
 * retry.
 */
export function freePort(): Promise<number> {
  return tryPort(0, '127.0.0.1');
}

/**
 * Free ports in order of preference: the preferred ones, then, with `orAny`, ports chosen by the operating
 * system.
 */
export async function* candidatePorts(preferred: number[], orAny: boolean): AsyncGenerator<number> {
  for (const port of preferred) if (await isPortFree(port)) yield port;
  for (let attempt = 0; orAny && attempt < 5; attempt++) yield await freePort();
}

/** Distinct free ports: all are held until the last one is found. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => bind(0, '127.0.0.1')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(close));
  return ports;
}

async function bind(port: number, host: string): Promise<Server> {
  const server = createServer().listen({ port, host, exclusive: true });
  await once(server, 'listening');
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
