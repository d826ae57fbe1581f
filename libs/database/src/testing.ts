import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase, type Database } from './client.ts';
export { startStoreProxy, type StoreProxy, type ProxyState } from './testing/store-proxy.ts';
import { copyTemplate, dropDatabase, createEmpty } from './testing/template.ts';

export interface TestDatabase {
  db: Database;
  url: string;
  drop: () => Promise<void>;
}

async function createFrom(make: (server: string, name: string) => Promise<string>): Promise<TestDatabase> {
  const server = inject('databaseUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = await make(server, name);
  const db = createDatabase({ url, name: 'test' });
  async function drop(): Promise<void> {
    await db.$disconnect();
    await dropDatabase(server, name);
  }
  return { db, url, drop };
}

/** Creates a migrated database for a test file. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createFrom(copyTemplate);
}

/** Creates a database without tables. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createFrom(createEmpty);
}

/** Inserts organizations with these ids, for tests whose users are fake. */
export async function addOrganizations(db: Database, ids: number[]): Promise<void> {
  for (const id of ids)
    await db.$executeRaw`
      INSERT INTO organizations (id, name)
      VALUES (${id}, ${`Organization ${id}`})
      ON CONFLICT DO NOTHING`;
}
