import { Failure, IdText, pageQuery, text } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  organizationToRead,
  type Access,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import type { PasswordHasher } from './password-hasher.ts';
import { Registration, registerUser } from './register-user.ts';
import { updateUser } from './update-user.ts';
import { presentAccount, presentUser, RoleName, User, UserAccount, UserUpdate } from './user.ts';
import { users } from './user.repository.ts';

export interface UserRoutes {
  db: Database;
  passwords: PasswordHasher;
}

const managers: Access = { roles: ['admin', 'manager'] };
const params = z.object({ id: IdText });
const UserQuery = z.strictObject({
  ...pageQuery,
  role: RoleName.optional(),
  disabled: z.stringbool('must be true or false').optional(),
  text: text(254).optional().meta({ description: 'Substring of username, email or name, case-insensitive' }),
});

/** Routes of registration and of users: all of them for admins, those of its organization for a manager. */
export async function userRoutes(app: HttpServer, { db, passwords }: UserRoutes): Promise<void> {
  const register = registerUser(db, passwords);
  const update = updateUser(db, passwords);

  app.route({
    method: 'POST',
    url: '/auth/register',
    config: { family: 'oriontel', access: 'guest', errors: ['conflict'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Register a user',
      body: Registration,
      response: { 201: Enveloped(User) },
    },
    async handler({ principal, body }, reply) {
      return reply.code(201).send(envelope(presentUser(await register(principal ?? null, body))));
    },
  });

  app.route({
    method: 'POST',
    url: '/users',
    config: { family: 'oriontel', access: managers, errors: ['conflict', 'not_found'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Create a user',
      body: Registration,
      response: { 201: Enveloped(UserAccount) },
    },
    async handler({ principal, body }, reply) {
      return reply.code(201).send(envelope(presentAccount(await register(principal, body))));
    },
  });

  app.route({
    method: 'GET',
    url: '/users',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['Accounts'],
      summary: 'List users',
      querystring: UserQuery,
      response: { 200: EnvelopedPage(UserAccount) },
    },
    async handler({ principal, query }) {
      const found = await users(db).list(organizationToRead(principal, query.org_id), query, query);
      return envelopePage(found, query, presentAccount);
    },
  });

  app.route({
    method: 'GET',
    url: '/users/:id',
    config: { family: 'oriontel', access: managers },
    schema: { tags: ['Accounts'], summary: 'Get a user', params, response: { 200: Enveloped(UserAccount) } },
    async handler({ principal, params: { id } }) {
      const user = await users(db).find(organizationToRead(principal), id);
      if (!user) throw new Failure('not_found', 'No such user.');
      return envelope(presentAccount(user));
    },
  });

  app.route({
    method: 'PUT',
    url: '/users/:id',
    config: { family: 'oriontel', access: managers, errors: ['conflict'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Update a user',
      params,
      body: UserUpdate,
      response: { 200: Enveloped(UserAccount) },
    },
    async handler({ principal, params: { id }, body }) {
      return envelope(presentAccount(await update(principal, id, body)));
    },
  });
}
