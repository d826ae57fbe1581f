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
  createOrganizationResolver,
  type OrganizationExists,
} from '@oriontel/service';
import { PathId } from '../path-id.ts';
import { CallUpdate } from './apply-call-update.ts';
import { Call, presentCall } from './call.ts';
import { calls } from './call.repository.ts';
import { createCall, NewCall, type CreateCallDependencies } from './create-call.ts';
import { ActiveCallQuery, CallQuery, searchCalls } from './search-calls.ts';
import { updateCall } from './update-call.ts';

export interface CallRoutes extends CreateCallDependencies {
  db: Database;
  organizationExists: OrganizationExists;
}

const writers: Access = { roles: ['admin', 'manager'], scope: 'calls:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'calls:write' };
const callNotFound = (): Failure => new Failure('not_found', 'No such call.');

/** Routes of call records. */
export async function callRoutes(app: HttpServer, routes: CallRoutes): Promise<void> {
  const { db } = routes;
  const resolveOrganization = createOrganizationResolver(routes.organizationExists);
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
    async handler({ principal, body }, reply) {
      const created = await create(await resolveOrganization(principal, body.org_id), body);
      return reply.code(201).send(envelope(presentCall(created)));
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
    async handler({ principal, query }) {
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
    async handler({ principal, query }) {
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
      summary: 'Get a call record',
      params: PathId,
      response: { 200: Enveloped(Call) },
    },
    async handler({ principal, params }) {
      const found = await calls(db).find(organizationToRead(principal), params.id);
      if (!found) throw callNotFound();
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
    async handler({ principal, params, body }) {
      const updated = await update(organizationToRead(principal), params.id, body);
      if (!updated) throw callNotFound();
      return envelope(presentCall(updated));
    },
  });
}
