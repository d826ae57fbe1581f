import { setTimeout as pause } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';

export const databaseName = 'oriontel';

export function postgresUrl(password: string, port: number, database = databaseName): string {
  return `postgresql://oriontel:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Waits until the server answers and makes the database where it is missing. Asking is surer than reading its
 * log, whose words change with version and language. Rejects on abort and when the server refuses us for good.
 */
export async function ensureDatabase(password: string, port: number, signal: AbortSignal): Promise<void> {
  while (true) {
    signal.throwIfAborted();
    try {
      return await createDatabaseIfMissing(postgresUrl(password, port, 'postgres'));
    } catch (error) {
      if (!isStillStarting(error)) throw error;
      await pause(20);
    }
  }
}

async function createDatabaseIfMissing(url: string): Promise<void> {
  const client = new Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 2_000 });
  // A connection cut while nobody waits on it reports here, and would otherwise end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Everything but a considered refusal; 57P03: starting up or recovering. */
function isStillStarting(error: unknown): boolean {
  return !(error instanceof DatabaseError) || error.code === '57P03';
}
