import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';

export const databaseName = 'oriontel';

export function postgresUrl(password: string, port: number, database = databaseName): string {
  return `postgresql://oriontel:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Waits until the server accepts connections and creates the database if it does not exist. Rejects on abort
 * and when the server rejects the connection for another reason than its start.
 */
export async function ensureDatabase(password: string, port: number, signal: AbortSignal): Promise<void> {
  while (true) {
    signal.throwIfAborted();
    try {
      return await createDatabaseIfMissing(postgresUrl(password, port, 'postgres'));
    } catch (error) {
      if (!isStillStarting(error)) throw error;
      await sleep(20);
    }
  }
}

async function createDatabaseIfMissing(url: string): Promise<void> {
  const client = new Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 2_000 });
  // Without a listener, the error of an idle connection would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** True for connection errors and for 57P03 (cannot_connect_now). */
function isStillStarting(error: unknown): boolean {
  return !(error instanceof DatabaseError) || error.code === '57P03';
}
