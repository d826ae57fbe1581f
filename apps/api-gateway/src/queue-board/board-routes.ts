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
  /** Whether admins may change what lies in the queues. */
  mode: 'read' | 'write';
  board: Board;
}

/** Bull Board, which knows nothing of who may: each of its routes is described as it is added. */
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
  const show = createQueueRefresher(board, mode, replaceQueues);
  app.addHook('preHandler', async ({ routeOptions }) => {
    if (routeOptions.url?.startsWith(`${BOARD_PATH}/api/`)) await show();
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
  throw new Failure('method_not_allowed', 'The queues are read only here: QUEUE_BOARD is not write.', {
    allow: ['GET'],
  });
}

/** Gives Bull Board the queues before it asks them, and others where they had to be made anew. */
function createQueueRefresher(
  board: Board,
  mode: BoardRouteOptions['mode'],
  replace: (queues: BullMQAdapter[]) => void,
): () => Promise<void> {
  let shown: Awaited<ReturnType<Board['getQueues']>> | undefined;
  return async function refreshQueues() {
    const queues = await board.getQueues();
    if (queues === shown) return;
    replace(queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: mode === 'read' })));
    shown = queues;
  };
}
