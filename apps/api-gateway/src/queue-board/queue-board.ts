import type { HttpServer } from '@oriontel/service';
import { boardRoutes, type BoardRoutes } from './board-routes.ts';
import { protectPages } from './protect-pages.ts';
import { BOARD } from './session-cookie.ts';
import { signInRoutes, type SignInRoutes } from './sign-in-routes.ts';

export { BOARD };

/** Whether a route is one of the board's: they are pages for people, and so left out of the documentation. */
export const isOfQueueBoard = (url: string): boolean => url === BOARD || url.startsWith(`${BOARD}/`);

/** What lies in the queues, for admins in a browser; to be registered under `BOARD`. */
export const queueBoard = async (
  app: HttpServer,
  { mode, board, db, passwords, tokens }: BoardRoutes & SignInRoutes,
): Promise<void> => {
  protectPages(app);
  await app.register(signInRoutes, { db, passwords, tokens });
  await app.register(boardRoutes, { mode, board });
};
