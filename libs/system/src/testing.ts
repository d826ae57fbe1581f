import { addOrganizations, createTestDatabase } from '@oriontel/database/testing';
import { createTestApi, TEST_ORG_IDS } from '@oriontel/service/testing';
import type { HostReading } from './host-reading.ts';
import { systemRoutes } from './http.ts';

export const reading: HostReading = {
  metrics: {
    cpu_usage: 12.5,
    ram_usage: 41.07,
    swap_usage: 0,
    disk_usage: { total: 500_000, used: 200_000, free: 250_000, mount_point: '/' },
  },
  uptime: 86_400,
  load_average: [0.5, 0.25, 0.1],
  process_count: 142,
};

/**
 * The routes of this library on a database of their own. Replace `host.latest` to change the host reading.
 */
export async function createTestSystem() {
  const { db, drop } = await createTestDatabase();
  await addOrganizations(db, Object.values(TEST_ORG_IDS));
  const host = { latest: async () => reading };
  const api = await createTestApi((app) =>
    app.register(systemRoutes, {
      db,
      host: { latest: () => host.latest() },
      organizationExists: async (orgId) => [1, ...Object.values(TEST_ORG_IDS)].includes(orgId),
    }),
  );

  async function close(): Promise<void> {
    await api.app.close();
    await drop();
  }
  return { ...api, db, host, close };
}
export type TestSystem = Awaited<ReturnType<typeof createTestSystem>>;
