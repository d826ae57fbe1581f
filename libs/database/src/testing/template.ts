import pg from 'pg';
import { applyMigrations } from '../migrate.ts';
import { withDatabase } from '../schema-engine.ts';

const TEMPLATE = 'oriontel_test_template';

async function execute(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * Creates the migrated template of all test databases: copying takes milliseconds, migrating takes seconds.
 */
export async function createTemplate(serverUrl: string): Promise<void> {
  await execute(serverUrl, `DROP DATABASE IF EXISTS ${TEMPLATE}`, `CREATE DATABASE ${TEMPLATE}`);
  await applyMigrations(withDatabase(serverUrl, TEMPLATE));
}

export async function copyTemplate(serverUrl: string, name: string): Promise<string> {
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  return withDatabase(serverUrl, name);
}

export async function createEmpty(serverUrl: string, name: string): Promise<string> {
  await execute(serverUrl, `CREATE DATABASE ${name}`);
  return withDatabase(serverUrl, name);
}

export function dropDatabase(serverUrl: string, name: string): Promise<void> {
  return execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}
