import type { HttpServer } from '@oriontel/service';
import { boardRoutes, type BoardRouteOptions } from './board-routes.ts';
import { addSecurityHeaders } from './add-security-headers.ts';
import { BOARD_PATH } from './session-cookie.ts';
import { signInRoutes, type SignInRouteOptions } from './sign-in-routes.ts';

export { BOARD_PATH };

/** Whether a route is one of the board's: they are pages for people, and so left out of the documentation. */
export function isQueueBoardRoute(url: string): boolean {
  return url === BOARD_PATH || url.startsWith(`${BOARD_PATH}/`);
}

/** What lies in the queues, for admins in a browser; to be registered under `BOARD`. */
export async function queueBoard(
  app: HttpServer,
  { mode, board, db, passwords, tokens }: BoardRouteOptions & SignInRouteOptions,
): Promise<void> {
  addSecurityHeaders(app);
  await app.register(signInRoutes, { db, passwords, tokens });
  await app.register(boardRoutes, { mode, board });
}
