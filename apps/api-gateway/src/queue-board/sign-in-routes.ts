import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  Credentials,
  sessions,
  signIn,
  type AccessTokens,
  type PasswordHasher,
  type SignInThrottle,
} from '@oriontel/identity';
import { abortedOnClose, toFailure, type HttpServer } from '@oriontel/service';
import type { FastifyReply } from 'fastify';
import { BOARD_PATH, SESSION_COOKIE, sessionCookie } from './session-cookie.ts';
import { signInPage, signOutPage } from './sign-in-page.ts';

export interface SignInRouteOptions {
  db: Database;
  passwords: PasswordHasher;
  throttle: SignInThrottle;
  tokens: AccessTokens;
}

const FORM_CONTENT_TYPE = 'application/x-www-form-urlencoded';
const MAX_FORM_BYTES = 16_384;

/** Sign-in and sign-out by HTML form with a cookie: a browser does not send an Authorization header. */
export async function signInRoutes(
  app: HttpServer,
  { db, passwords, throttle, tokens }: SignInRouteOptions,
): Promise<void> {
  // The session is not refreshed: it ends with its first token.
  const startSession = signIn({ db, passwords, throttle, lifetimeSeconds: tokens.lifetimeSeconds });
  const publicConfig = { family: 'oriontel', access: 'anyone', limit: 'guest' } as const;
  acceptFormsOnly(app);
  const { errorHandler } = app;
  app.setErrorHandler((error, request, reply) => {
    const { status, message, retryAfter } = toFailure(error);
    if (status >= 500) return errorHandler(error as never, request, reply);
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    return sendPage(reply.code(status), signInPage(message));
  });

  app.route({
    method: 'GET',
    url: '/sign-in',
    config: publicConfig,
    schema: { hide: true },
    handler: async (_request, reply) => sendPage(reply, signInPage()),
  });

  app.route({
    method: 'POST',
    url: '/sign-in',
    bodyLimit: MAX_FORM_BYTES,
    config: publicConfig,
    schema: { hide: true, body: Credentials },
    async handler(request, reply) {
      const { id, user } = await startSession(request.body, {
        address: request.ip,
        signal: abortedOnClose(reply),
      });
      if (user.role !== 'admin') {
        await sessions(db).end(id);
        throw new Failure('forbidden', 'Only admins may see the queues.');
      }
      const cookie = sessionCookie(request, tokens.sign(user.id, id), tokens.lifetimeSeconds);
      return reply.header('set-cookie', cookie).redirect(BOARD_PATH, 303);
    },
  });

  app.route({
    method: 'GET',
    url: '/sign-out',
    config: publicConfig,
    schema: { hide: true },
    handler: async (_request, reply) => sendPage(reply, signOutPage),
  });

  app.route({
    method: 'POST',
    url: '/sign-out',
    bodyLimit: MAX_FORM_BYTES,
    config: { family: 'oriontel', access: 'signed-in', limit: 'board', cookie: SESSION_COOKIE },
    schema: { hide: true },
    async handler(request, reply) {
      if (request.principal.kind === 'user') await sessions(db).end(request.principal.sessionId);
      return reply.header('set-cookie', sessionCookie(request, '', 0)).redirect(`${BOARD_PATH}/sign-in`, 303);
    },
  });
}

function acceptFormsOnly(app: HttpServer): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(FORM_CONTENT_TYPE, { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  );
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(new Failure('unsupported_media_type', `Content-Type is not supported: send ${FORM_CONTENT_TYPE}.`));
  });
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page);
}
