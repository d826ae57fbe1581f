import pg from 'pg';
import { applyMigrations } from '../migrate.ts';
import { withDatabase } from '../schema-engine.ts';

const TEMPLATE = 'oriontel_test_template';

const execute = async (url: string, ...statements: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};

/** Makes the migrated database that every test database is a copy of: a copy takes milliseconds, migrating seconds. */
export const makeTemplate = async (serverUrl: string): Promise<void> => {
  await execute(serverUrl, `DROP DATABASE IF EXISTS ${TEMPLATE}`, `CREATE DATABASE ${TEMPLATE}`);
  await applyMigrations(withDatabase(serverUrl, TEMPLATE));
};

export const copyTemplate = async (serverUrl: string, name: string): Promise<string> => {
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  return withDatabase(serverUrl, name);
};

export const makeEmpty = async (serverUrl: string, name: string): Promise<string> => {
  await execute(serverUrl, `CREATE DATABASE ${name}`);
  return withDatabase(serverUrl, name);
};

export const dropDatabase = (serverUrl: string, name: string): Promise<void> =>
  execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
