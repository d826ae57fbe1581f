import { toFailure, type HttpServer } from '@oriontel/service';
import accepts from 'accepts';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { BOARD_PATH } from './session-cookie.ts';

/** As everywhere, but a browser that is not signed in is led to where it can. */
export function createBoardErrorHandler(answer: HttpServer['errorHandler']) {
  return function handleBoardError(
    error: FastifyError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): unknown {
    // A browser that went away in the middle of a file: there is nobody to tell.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return void request.raw.destroy();
    if (toFailure(error).code === 'unauthorized' && wantsHtml(request))
      return reply.redirect(`${BOARD_PATH}/sign-in`, 303);
    return answer(error, request, reply);
  };
}

function wantsHtml({ raw }: FastifyRequest): boolean {
  return accepts(raw).type(['application/json', 'text/html']) === 'text/html';
}
