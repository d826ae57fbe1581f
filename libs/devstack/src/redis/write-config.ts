import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes the configuration of the server. Command line arguments would show the password in `ps`. */
export async function writeConfig(folder: string, port: number, password: string): Promise<string> {
  const file = configFileOf(folder);
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    `pidfile ${JSON.stringify(pidFileOf(folder))}`,
    'daemonize no',
    // The append-only file contains every change: snapshots would only double the writes.
    'appendonly yes',
    'save ""',
    // Eviction would lose jobs.
    'maxmemory-policy noeviction',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

export function pidFileOf(folder: string): string {
  return join(folder, 'redis.pid');
}
export function configFileOf(folder: string): string {
  return join(folder, 'redis.conf');
}
