import type { TestProject } from 'vitest/node';
import { createTemplate } from './libs/database/src/testing/template.ts';
import { startTestStores } from './libs/devstack/src/testing.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's; tests make their databases by openTestDatabase(). */
    databaseUrl: string;
    /** Null where there is no Redis: tests that need one are not defined then. */
    redisUrl: string | null;
  }
}

/** Starts one PostgreSQL and, if installed, one Redis for all tests; each test file has its own database. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const stores = await startTestStores(process.env);
  // Where a migration fails there is no run, and nobody would stop them.
  await createTemplate(stores.databaseUrl).catch(async (error: unknown) => {
    await stores.stop();
    throw error;
  });
  project.provide('databaseUrl', stores.databaseUrl);
  project.provide('redisUrl', stores.redisUrl);
  if (!stores.redisUrl)
    console.log('No redis-server, valkey-server or REDIS_URL: the tests that need Redis are left out.');
  return stores.stop;
};
