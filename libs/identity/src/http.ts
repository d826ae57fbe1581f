import { Failure, LARGEST_ID } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  organisationToRead,
  organisationToWrite,
  type Access,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import { apiKeys } from './api-key.repository.ts';
import { ApiKey, mintApiKey, NewApiKey, presentApiKey } from './api-key.ts';
import { organizations } from './organization.repository.ts';
import type { Passwords } from './password.ts';
import { Registration, registerUser } from './register-user.ts';
import { Credentials, signIn } from './sign-in.ts';
import type { Tokens } from './tokens.ts';
import { presentUser, User } from './user.ts';
import { users } from './user.repository.ts';

export interface IdentityRoutes {
  db: Database;
  passwords: Passwords;
  tokens: Tokens;
}

const SignedIn = z.object({
  token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.int().meta({ description: 'Seconds' }),
  user: User,
});

/** Registration, sign-in and API keys. */
export const identityRoutes = async (
  app: HttpServer,
  { db, passwords, tokens }: IdentityRoutes,
): Promise<void> => {
  const register = registerUser(db, passwords);
  const authenticated = signIn(db, passwords);

  app.route({
    method: 'POST',
    url: '/auth/register',
    config: { family: 'oriontel', access: 'guest' },
    schema: { body: Registration, response: { 201: Enveloped(User) } },
    handler: async ({ principal, body }, reply) =>
      reply.code(201).send(envelope(presentUser(await register(principal ?? null, body)))),
  });

  app.route({
    method: 'POST',
    url: '/auth/login',
    config: { family: 'oriontel', access: 'anyone' },
    schema: { body: Credentials, response: { 200: Enveloped(SignedIn) } },
    handler: async ({ body }) => {
      const user = await authenticated(body);
      const token = {
        token: tokens.sign(user.id),
        token_type: 'Bearer' as const,
        expires_in: tokens.lifetime,
      };
      return envelope({ ...token, user: presentUser(user) });
    },
  });

  app.route({
    method: 'GET',
    url: '/auth/me',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { response: { 200: Enveloped(User) } },
    handler: async ({ principal }) => {
      const user = principal.kind === 'user' ? await users(db).findActive(principal.id) : null;
      if (!user) throw new Failure('unauthorized', 'This user does not exist any more.');
      return envelope(presentUser(user));
    },
  });

  await app.register(apiKeyRoutes, { db });
};

const keepers: Access = { roles: ['admin', 'manager'] };
const Page = z.strictObject({
  org_id: z.coerce.number().int().min(1).max(LARGEST_ID).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

const apiKeyRoutes = async (app: HttpServer, { db }: { db: Database }): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/api-keys',
    config: { family: 'oriontel', access: keepers },
    schema: { body: NewApiKey, response: { 201: Enveloped(ApiKey) } },
    handler: async ({ principal, body }, reply) => {
      const orgId = organisationToWrite(principal, body.org_id);
      if (!(await organizations(db).exists(orgId)))
        throw new Failure('not_found', 'Organization not found: create it first.');
      const expiresAt = body.expires_at ? new Date(body.expires_at) : null;
      if (expiresAt && expiresAt <= new Date())
        throw new Failure('bad_request', 'expires_at: must be in the future', {
          details: [{ field: 'expires_at', message: 'must be in the future' }],
        });
      const { id, key, secretHash } = mintApiKey();
      const createdById = principal.kind === 'user' ? principal.id : null;
      const scopes = [...new Set(body.scopes)];
      const made = await apiKeys(db).create({
        id,
        name: body.name,
        orgId,
        scopes,
        expiresAt,
        secretHash: new Uint8Array(secretHash),
        createdById,
      });
      return reply.code(201).send(envelope({ ...presentApiKey(made), key }));
    },
  });

  app.route({
    method: 'GET',
    url: '/api-keys',
    config: { family: 'oriontel', access: keepers },
    schema: { querystring: Page, response: { 200: Enveloped(z.array(ApiKey)) } },
    handler: async ({ principal, query }) => {
      const found = await apiKeys(db).list(
        organisationToRead(principal, query.org_id),
        query.limit,
        query.offset,
      );
      return envelope(found.map(presentApiKey));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api-keys/:id',
    config: { family: 'oriontel', access: keepers },
    schema: {
      params: z.object({ id: z.uuid('must be the id of an API key') }),
      response: { 204: z.undefined() },
    },
    handler: async ({ principal, params }, reply) => {
      const deleted = await apiKeys(db).delete(organisationToRead(principal), params.id);
      if (!deleted) throw new Failure('not_found', 'No such API key.');
      return reply.code(204).send();
    },
  });
};
