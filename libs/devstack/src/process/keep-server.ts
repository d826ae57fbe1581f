import type { Log } from '../log.ts';
import { portsToTry } from './choose-port.ts';
import { endProcess, type EndingStep } from './end-process.ts';
import { keepRunning } from './keep-running.ts';
import { rememberedPorts, rememberPort } from './port-memory.ts';
import type { Spawned } from './spawn-detached.ts';

export type ServerOptions = {
  name: string;
  /** A server that answers on this port, or null where somebody else was faster to take the port. */
  launch: (port: number, signal: AbortSignal) => Promise<Spawned | null>;
  endingOf: (within: number) => EndingStep[];
  /** This port or none; without it the last one, else one from `firstPort` on, else any. */
  port?: number;
  portFile: string;
  firstPort: number;
  log: Log;
  signal?: AbortSignal;
};

export type KeptServer = { port: number; stop: (within: number) => Promise<void> };

/** Finds a server a port, and keeps it running there: the address was given out, it cannot change any more. */
export const keepServer = async (options: ServerOptions): Promise<KeptServer> => {
  const { name, portFile, firstPort, log, endingOf } = options;
  const wanted = options.port ? [options.port] : await rememberedPorts(portFile, firstPort);
  let port = options.port;
  const launch = async (halt: AbortSignal) => {
    const signal = options.signal ? AbortSignal.any([halt, options.signal]) : halt;
    const found = await launchOn(options, portsToTry(port ? [port] : wanted, !port), signal);
    port = found.port;
    await rememberPort(portFile, port);
    return found.server;
  };
  const kept = await keepRunning({ name, launch, log });
  const stop = (within: number) =>
    kept.stop((server) => endProcess(server.pid, server.isAlive, endingOf(within)));
  return { port: port!, stop };
};

const launchOn = async (options: ServerOptions, ports: AsyncIterable<number>, signal: AbortSignal) => {
  for await (const port of ports) {
    const server = await options.launch(port, signal);
    if (server) return { server, port };
  }
  throw new Error(`${options.name} finds no free port${options.port ? `, ${options.port} is taken` : ''}`);
};
