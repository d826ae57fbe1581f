import type { Log } from '../log.ts';
import { candidatePorts } from './choose-port.ts';
import { endProcess, type ShutdownStep } from './end-process.ts';
import { superviseProcess } from './supervise-process.ts';
import { preferredPorts, savePort } from './port-file.ts';
import type { Spawned } from './spawn-detached.ts';

export type ServerOptions = {
  name: string;
  /** A server that answers on this port, or null where somebody else was faster to take the port. */
  launch: (port: number, signal: AbortSignal) => Promise<Spawned | null>;
  shutdownSteps: (within: number) => ShutdownStep[];
  /** This port or none; without it the last one, else one from `firstPort` on, else any. */
  port?: number;
  portFile: string;
  firstPort: number;
  log: Log;
  signal?: AbortSignal;
};

export type SupervisedServer = { port: number; stop: (within: number) => Promise<void> };

/** Finds a server a port, and keeps it running there: the address was given out, it cannot change any more. */
export async function superviseServer(options: ServerOptions): Promise<SupervisedServer> {
  const { name, portFile, firstPort, log, shutdownSteps } = options;
  const wanted = options.port ? [options.port] : await preferredPorts(portFile, firstPort);
  let port = options.port;
  async function launch(halt: AbortSignal) {
    const signal = options.signal ? AbortSignal.any([halt, options.signal]) : halt;
    const found = await launchOnFirstFreePort(options, candidatePorts(port ? [port] : wanted, !port), signal);
    port = found.port;
    await savePort(portFile, port);
    return found.server;
  }
  const kept = await superviseProcess({ name, launch, log });
  function stop(within: number) {
    return kept.stop((server) => endProcess(server.pid, server.isAlive, shutdownSteps(within)));
  }
  return { port: port!, stop };
}

async function launchOnFirstFreePort(
  options: ServerOptions,
  ports: AsyncIterable<number>,
  signal: AbortSignal,
) {
  for await (const port of ports) {
    const server = await options.launch(port, signal);
    if (server) return { server, port };
  }
  throw new Error(`${options.name} finds no free port${options.port ? `, ${options.port} is taken` : ''}`);
}
