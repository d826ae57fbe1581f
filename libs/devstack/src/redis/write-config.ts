import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The server's configuration in its folder. By a file, not by arguments: everybody can read those in `ps`. */
export async function writeConfig(folder: string, port: number, password: string): Promise<string> {
  const file = configFileOf(folder);
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    `pidfile ${JSON.stringify(pidFileOf(folder))}`,
    'daemonize no',
    // Every change is in the append-only file; snapshots beside it would only double the writing.
    'appendonly yes',
    'save ""',
    // A queue that forgets jobs when memory is short is no queue.
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
