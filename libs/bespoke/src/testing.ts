import { DEFAULT_ORG_ID } from '@oriontel/contracts';
import { createTestDatabase } from '@oriontel/database/testing';
import { createTestApi, TEST_ORG_IDS } from '@oriontel/service/testing';
import { bespokeRoutes } from './http.ts';

const ORG_IDS = [DEFAULT_ORG_ID, ...Object.values(TEST_ORG_IDS)];

/** The routes of this feature on their own database. */
export async function createTestBespoke() {
  const { db, drop } = await createTestDatabase();
  const api = await createTestApi((app) =>
    app.register(bespokeRoutes, { db, organizationExists: async (orgId) => ORG_IDS.includes(orgId) }),
  );
  async function close(): Promise<void> {
    await api.app.close();
    await drop();
  }
  return { ...api, db, close };
}
export type TestBespoke = Awaited<ReturnType<typeof createTestBespoke>>;
