import { Failure, pageQuery } from '@oriontel/contracts';
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
import { apiKeys } from './api-key.repository.ts';
import { ApiKey, NewApiKey, presentApiKey } from './api-key.ts';
import { createApiKey } from './create-api-key.ts';

const managers: Access = { roles: ['admin', 'manager'] };

/** Routes of API keys, the credentials of machines. */
export async function apiKeyRoutes(app: HttpServer, { db }: { db: Database }): Promise<void> {
  const create = createApiKey(db);

  app.route({
    method: 'POST',
    url: '/api-keys',
    config: { family: 'oriontel', access: managers, errors: ['not_found'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Create an API key',
      body: NewApiKey,
      response: { 201: Enveloped(ApiKey) },
    },
    async handler({ principal, body }, reply) {
      return reply.code(201).send(envelope(await create(principal, body)));
    },
  });

  app.route({
    method: 'GET',
    url: '/api-keys',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['Accounts'],
      summary: 'List API keys',
      querystring: z.strictObject(pageQuery),
      response: { 200: EnvelopedPage(ApiKey) },
    },
    async handler({ principal, query }) {
      const found = await apiKeys(db).list(organizationToRead(principal, query.org_id), query);
      return envelopePage(found, query, presentApiKey);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/api-keys/:id',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['Accounts'],
      summary: 'Revoke an API key',
      params: z.object({ id: z.uuid('must be the id of an API key') }),
      response: { 204: z.undefined() },
    },
    async handler({ principal, params }, reply) {
      const deleted = await apiKeys(db).delete(organizationToRead(principal), params.id);
      if (!deleted) throw new Failure('not_found', 'No such API key.');
      return reply.code(204).send();
    },
  });
}
