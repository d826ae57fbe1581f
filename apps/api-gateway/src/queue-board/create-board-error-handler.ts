import { toFailure, type HttpServer } from '@oriontel/service';
import accepts from 'accepts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { BOARD_PATH } from './session-cookie.ts';

/** The default error handler, but redirects browsers without a session to the sign-in page. */
export function createBoardErrorHandler(handleError: HttpServer['errorHandler']) {
  return function handleBoardError(
    error: FastifyError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): unknown {
    // The browser disconnected while a file was sent.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return void request.raw.destroy();
    if (toFailure(error).code === 'unauthorized' && wantsHtml(request))
      return reply.redirect(`${BOARD_PATH}/sign-in`, 303);
    return handleError(error, request, reply);
  };
}

function wantsHtml({ raw }: FastifyRequest): boolean {
  return accepts(raw).type(['application/json', 'text/html']) === 'text/html';
}
