import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { openDatabase, type Database } from './client.ts';
import { copyTemplate, dropDatabase, makeEmpty } from './testing/template.ts';

export interface TestDatabase {
  db: Database;
  url: string;
  drop: () => Promise<void>;
}

const open = async (make: (server: string, name: string) => Promise<string>): Promise<TestDatabase> => {
  const server = inject('databaseUrl');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = await make(server, name);
  const db = openDatabase({ url, name: 'test' });
  const drop = async (): Promise<void> => {
    await db.$disconnect();
    await dropDatabase(server, name);
  };
  return { db, url, drop };
};

/** A migrated database of its own for a test file. */
export const openTestDatabase = (): Promise<TestDatabase> => open(copyTemplate);

/** One without any table. */
export const openEmptyDatabase = (): Promise<TestDatabase> => open(makeEmpty);
