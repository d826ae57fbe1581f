import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Whether at this very moment somebody could listen there. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return tryPort(port, host).then(
    () => true,
    () => false,
  );
}

/** Listens there for a moment and answers on which port; rejects with the system's reason where that cannot be. */
export async function tryPort(port: number, host: string): Promise<number> {
  const server = await bind(port, host);
  const { port: given } = server.address() as AddressInfo;
  await close(server);
  return given;
}

/** A free port chosen by the system. Another process may take it before it is used: be ready to try again. */
export function freePort(): Promise<number> {
  return tryPort(0, '127.0.0.1');
}

/** Free ports in order of preference: the wanted ones, then, if any will do, what the system offers. */
export async function* candidatePorts(preferred: number[], orAny: boolean): AsyncGenerator<number> {
  for (const port of preferred) if (await isPortFree(port)) yield port;
  for (let attempt = 0; orAny && attempt < 5; attempt++) yield await freePort();
}

/** Different ones: all are held until the last is found. */
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
