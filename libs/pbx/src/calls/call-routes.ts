import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  organizationToRead,
  type Access,
  type HttpServer,
  organizationToFill,
  type OrganizationExists,
} from '@oriontel/service';
import { PathId } from '../path-id.ts';
import { CallUpdate } from './apply-update.ts';
import { Call, presentCall } from './call.ts';
import { calls } from './call.repository.ts';
import { createCall, NewCall, type CreateCall } from './create-call.ts';
import { ActiveCallQuery, CallQuery, searchCalls } from './search-calls.ts';
import { updateCall } from './update-call.ts';

export interface CallRoutes extends CreateCall {
  db: Database;
  organizationExists: OrganizationExists;
}

const writers: Access = { roles: ['admin', 'manager'], scope: 'calls:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'calls:write' };
const missing = (): Failure => new Failure('not_found', 'No such call.');

export const callRoutes = async (app: HttpServer, routes: CallRoutes): Promise<void> => {
  const { db } = routes;
  const organizationOf = organizationToFill(routes.organizationExists);
  const create = createCall(routes);
  const search = searchCalls(db);
  const update = updateCall(db);

  app.route({
    method: 'POST',
    url: '/calls',
    config: { family: 'oriontel', access: writers, errors: ['conflict', 'not_found'] },
    schema: {
      tags: ['PBX'],
      summary: 'Create a call record',
      body: NewCall,
      response: { 201: Enveloped(Call) },
    },
    handler: async ({ principal, body }, reply) => {
      const made = await create(await organizationOf(principal, body.org_id), body);
      return reply.code(201).send(envelope(presentCall(made)));
    },
  });

  app.route({
    method: 'GET',
    url: '/calls',
    config: { family: 'oriontel', access: readers },
    schema: {
      tags: ['PBX'],
      summary: 'List calls',
      querystring: CallQuery,
      response: { 200: EnvelopedPage(Call) },
    },
    handler: async ({ principal, query }) => {
      const found = await search(organizationToRead(principal, query.org_id), query);
      return envelopePage(found, query, presentCall);
    },
  });

  app.route({
    method: 'GET',
    url: '/calls/active',
    config: { family: 'oriontel', access: readers },
    schema: {
      tags: ['PBX'],
      summary: 'List active calls',
      querystring: ActiveCallQuery,
      response: { 200: EnvelopedPage(Call) },
    },
    handler: async ({ principal, query }) => {
      const orgId = organizationToRead(principal, query.org_id);
      const found = await search(orgId, { ...query, status: 'active' });
      return envelopePage(found, query, presentCall);
    },
  });

  app.route({
    method: 'GET',
    url: '/calls/:id',
    config: { family: 'oriontel', access: readers },
    schema: {
      tags: ['PBX'],
      summary: 'Read a call record',
      params: PathId,
      response: { 200: Enveloped(Call) },
    },
    handler: async ({ principal, params }) => {
      const found = await calls(db).find(organizationToRead(principal), params.id);
      if (!found) throw missing();
      return envelope(presentCall(found));
    },
  });

  app.route({
    method: 'PUT',
    url: '/calls/:id',
    config: { family: 'oriontel', access: writers, errors: ['conflict'] },
    schema: {
      tags: ['PBX'],
      summary: 'Update a call record',
      params: PathId,
      body: CallUpdate,
      response: { 200: Enveloped(Call) },
    },
    handler: async ({ principal, params, body }) => {
      const updated = await update(organizationToRead(principal), params.id, body);
      if (!updated) throw missing();
      return envelope(presentCall(updated));
    },
  });
};
