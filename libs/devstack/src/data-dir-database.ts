import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDataDir } from './ensure-data-dir.ts';
import type { Log } from './log.ts';
import { startPostgres } from './postgres-server.ts';
import { chooseHome, FALLBACK_ROOT } from './postgres/choose-home.ts';
import { postgresUrl } from './postgres/ensure-database.ts';
import { DataDirInUseError, lockDataDir } from './start/lock-data-dir.ts';

export type DataDirDatabase = { url: string; close: () => Promise<void> };

/** The embedded database of a data folder: of the stack that runs there, or else started until `close`. */
export async function openDataDirDatabase(dataDir: string, log: Log): Promise<DataDirDatabase> {
  await ensureDataDir(dataDir);
  let unlock: () => Promise<void>;
  try {
    unlock = await lockDataDir(dataDir);
  } catch (error) {
    if (!(error instanceof DataDirInUseError)) throw error;
    return { url: await runningDatabaseUrl(dataDir, log), close: async () => undefined };
  }
  try {
    const server = await startPostgres({ dataDir, log });
    return {
      url: server.url,
      async close() {
        await server.stop();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function runningDatabaseUrl(dataDir: string, log: Log): Promise<string> {
  const { folder } = await chooseHome({ dataDir, fallbackRoot: FALLBACK_ROOT, log });
  const [password, port] = await Promise.all(
    ['password', 'port'].map((name) => readFile(join(folder, name), 'utf8')),
  );
  return postgresUrl(password!.trim(), Number(port));
}
