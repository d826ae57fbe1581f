import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { Failure } from '@oriontel/contracts';
import type { Board } from '@oriontel/queues';
import type { HttpServer } from '@oriontel/service';
import type { FastifyRequest } from 'fastify';
import { createBoardErrorHandler } from './create-board-error-handler.ts';
import { BOARD_PATH, SESSION_COOKIE } from './session-cookie.ts';

export interface BoardRouteOptions {
  /** Whether admins may change jobs. */
  mode: 'read' | 'write';
  board: Board;
}

/**
 * The routes of Bull Board. It has no access control: the configuration of each route is added on
 * registration.
 */
export async function boardRoutes(app: HttpServer, { mode, board }: BoardRouteOptions): Promise<void> {
  const errorHandler = createBoardErrorHandler(app.errorHandler);
  const config = {
    family: 'oriontel',
    access: { roles: ['admin'] },
    limit: 'board',
    cookie: SESSION_COOKIE,
  } as const;
  app.describeRoute = (route) =>
    void Object.assign(route, { config, errorHandler, schema: { ...route.schema, hide: true } });
  if (mode === 'read') app.addHook('onRequest', refuseChanges);

  const serverAdapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  const { replaceQueues } = createBullBoard({ queues: [], serverAdapter, options: { uiConfig } });
  const refreshQueues = createQueueRefresher(board, mode, replaceQueues);
  app.addHook('preHandler', async ({ routeOptions }) => {
    if (routeOptions.url?.startsWith(`${BOARD_PATH}/api/`)) await refreshQueues();
  });
  await app.register(serverAdapter.registerPlugin());
}

const uiConfig = {
  boardTitle: 'OrionTel queues',
  hideDocsLink: true,
  miscLinks: [{ text: 'Sign out', url: `${BOARD_PATH}/sign-out` }],
};

async function refuseChanges({ method }: FastifyRequest): Promise<void> {
  if (method === 'GET' || method === 'HEAD') return;
  throw new Failure(
    'method_not_allowed',
    'The queue board is read-only: set QUEUE_BOARD=write to allow changes.',
    {
      allow: ['GET'],
    },
  );
}

/** Returns a function that passes the queues to Bull Board, again after they were reconnected. */
function createQueueRefresher(
  board: Board,
  mode: BoardRouteOptions['mode'],
  replace: (queues: BullMQAdapter[]) => void,
): () => Promise<void> {
  let current: Awaited<ReturnType<Board['getQueues']>> | undefined;
  return async function refreshQueues() {
    const queues = await board.getQueues();
    if (queues === current) return;
    replace(queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: mode === 'read' })));
    current = queues;
  };
}
