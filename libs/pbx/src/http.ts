import type { HttpServer } from '@oriontel/service';
import { callRoutes, type CallRoutes } from './calls/call-routes.ts';
import { extensionRoutes, type ExtensionRoutes } from './extensions/extension-routes.ts';

export type PbxRoutes = CallRoutes & ExtensionRoutes;

/** Routes of extensions and of the calls reported by a PBX. */
export async function pbxRoutes(app: HttpServer, dependencies: PbxRoutes): Promise<void> {
  await app.register(extensionRoutes, dependencies);
  await app.register(callRoutes, dependencies);
}
