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

/** Binds and releases a UDP port (0: any free one). Returns the port, or null if it is in use. */
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

/** Returns a UDP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return (await tryUdpPort(0))!;
}

export interface Peer {
  port: number;
  stop: () => Promise<void>;
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function killGroup(child: ChildProcess): Promise<void> {
  const exited = isRunning(child) ? once(child, 'exit') : null;
  // The child leads its own process group: this ends its children too.
  if (exited) process.kill(-child.pid!, 'SIGKILL');
  await exited;
}

/**
 * Starts a program that listens on a free UDP port of 127.0.0.1; retries on another port if that was taken.
 * @throws Error after MAX_ATTEMPTS attempts
 */
export async function startPeer(
  program: string,
  cwd: string,
  argsFor: (port: number) => Promise<string[]>,
): Promise<Peer> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    const child = spawn(program, await argsFor(port), { cwd, stdio: 'ignore', detached: true });
    for (const started = Date.now(); isRunning(child) && Date.now() - started < START_TIMEOUT_MS;) {
      if ((await tryUdpPort(port)) === null) return { port, stop: () => killGroup(child) };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await killGroup(child);
  }
  throw new Error(
    `${program} did not listen on UDP within ${START_TIMEOUT_MS} ms in ${MAX_ATTEMPTS} attempts`,
  );
}
