import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const MAX_ATTEMPTS = 5;
const START_TIMEOUT_MS = 15_000;

/** Whether a program is on PATH. */
export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The port that was bound, or null where another has it. `port` 0: any free one. */
async function tryUdpPort(port: number): Promise<number | null> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return socket.address().port;
  } catch {
    return null;
  } finally {
    socket.close();
  }
}

export async function freePort(): Promise<number> {
  return (await tryUdpPort(0))!;
}

export interface Peer {
  port: number;
  stop: () => Promise<void>;
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function end(child: ChildProcess): Promise<void> {
  const gone = isRunning(child) ? once(child, 'exit') : null;
  // Its own group, so that what it started ends with it.
  if (gone) process.kill(-child.pid!, 'SIGKILL');
  await gone;
}

/** Starts a program that listens on UDP at a free port of 127.0.0.1; where somebody is quicker to take it, at another. */
export async function startPeer(
  program: string,
  cwd: string,
  argsFor: (port: number) => Promise<string[]>,
): Promise<Peer> {
  for (let tries = 0; tries < MAX_ATTEMPTS; tries += 1) {
    const port = await freePort();
    const child = spawn(program, await argsFor(port), { cwd, stdio: 'ignore', detached: true });
    for (const began = Date.now(); isRunning(child) && Date.now() - began < START_TIMEOUT_MS;) {
      if ((await tryUdpPort(port)) === null) return { port, stop: () => end(child) };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await end(child);
  }
  throw new Error(`${program} does not start`);
}
