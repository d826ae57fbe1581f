import type { Log } from '../log.ts';
import { candidatePorts } from './choose-port.ts';
import { endProcess, type ShutdownStep } from './end-process.ts';
import { superviseProcess } from './supervise-process.ts';
import { preferredPorts, savePort } from './port-file.ts';
import type { Spawned } from './spawn-detached.ts';

export type ServerOptions = {
  name: string;
  /** Resolves with a server that accepts connections on this port; null if another program took the port. */
  launch: (port: number, signal: AbortSignal) => Promise<Spawned | null>;
  shutdownSteps: (timeoutMs: number) => ShutdownStep[];
  /**
   * Only this port. @default the port of the last start, else the first free one from `firstPort` on, else
   * any
   */
  port?: number;
  portFile: string;
  firstPort: number;
  log: Log;
  signal?: AbortSignal;
};

export type SupervisedServer = { port: number; stop: (timeoutMs: number) => Promise<void> };

/** Launches a server on a free port and restarts it on the same port when it ends. */
export async function superviseServer(options: ServerOptions): Promise<SupervisedServer> {
  const { name, portFile, firstPort, log, shutdownSteps } = options;
  const preferred = options.port ? [options.port] : await preferredPorts(portFile, firstPort);
  let port = options.port;
  async function launch(halt: AbortSignal) {
    const signal = options.signal ? AbortSignal.any([halt, options.signal]) : halt;
    const launched = await launchOnFirstFreePort(
      options,
      candidatePorts(port ? [port] : preferred, !port),
      signal,
    );
    port = launched.port;
    await savePort(portFile, port);
    return launched.server;
  }
  const supervisor = await superviseProcess({ name, launch, log });
  function stop(timeoutMs: number) {
    return supervisor.stop((server) => endProcess(server.pid, server.isAlive, shutdownSteps(timeoutMs)));
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
  throw new Error(`${options.name}: no free port${options.port ? `, ${options.port} is in use` : ''}`);
}
