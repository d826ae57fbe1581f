import { bundleProgram, createTestApi } from '@oriontel/service/testing';
import { createQrDrawer } from './create-qr-drawer.ts';
import { qrRoutes } from './http.ts';

/** The routes of this feature with real worker threads. */
export async function createTestQrcode() {
  const qrDrawer = createQrDrawer(await bundleProgram(new URL('./draw.main.ts', import.meta.url)));
  const api = await createTestApi((app) => app.register(qrRoutes, { qrDrawer }));
  async function close(): Promise<void> {
    await api.app.close();
    await qrDrawer.close();
  }
  return { ...api, close };
}
export type TestQrcode = Awaited<ReturnType<typeof createTestQrcode>>;
