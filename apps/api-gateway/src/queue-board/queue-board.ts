import type { HttpServer } from '@oriontel/service';
import { boardRoutes, type BoardRouteOptions } from './board-routes.ts';
import { addSecurityHeaders } from './add-security-headers.ts';
import { BOARD_PATH } from './session-cookie.ts';
import { signInRoutes, type SignInRouteOptions } from './sign-in-routes.ts';

export { BOARD_PATH };

/** Whether the route belongs to the queue board, which the API documentation omits. */
export function isQueueBoardRoute(url: string): boolean {
  return url === BOARD_PATH || url.startsWith(`${BOARD_PATH}/`);
}

/** The queue board, a web page for admins. Register with the prefix BOARD_PATH. */
export async function queueBoard(
  app: HttpServer,
  { mode, board, db, passwords, throttle, tokens }: BoardRouteOptions & SignInRouteOptions,
): Promise<void> {
  addSecurityHeaders(app);
  await app.register(signInRoutes, { db, passwords, throttle, tokens });
  await app.register(boardRoutes, { mode, board });
}
