import { Failure, IdText } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  organizationToFill,
  organizationToRead,
  type Access,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { createGateway, NewGateway } from './create-gateway.ts';
import { deleteGateway } from './delete-gateway.ts';
import { findGateway } from './find-gateway.ts';
import { Gateway, presentGateway } from './gateway.ts';
import { GatewayQuery, searchGateways } from './search-gateways.ts';
import { GatewayUpdate, updateGateway } from './update-gateway.ts';

export interface GatewayRoutes {
  db: Database;
  organizationExists: OrganizationExists;
}

const keepers: Access = { roles: ['admin', 'manager'], scope: 'gateways:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'gateways:write' };

const GatewayPath = z.object({ id: z.string() });
const OrgQuery = z.strictObject({
  org_id: IdText.optional().meta({ description: 'For admins: whose gateway it is' }),
});

/** The gateways of an organization, and how they are probed. */
export const gatewayRoutes = async (
  app: HttpServer,
  { db, organizationExists }: GatewayRoutes,
): Promise<void> => {
  const organizationOf = organizationToFill(organizationExists);
  const create = createGateway(db);
  const search = searchGateways(db);
  const find = findGateway(db);
  const update = updateGateway(db);
  const remove = deleteGateway(db);

  app.route({
    method: 'POST',
    url: '/gateways',
    config: { family: 'oriontel', access: keepers, errors: ['conflict', 'not_found'] },
    schema: {
      tags: ['Gateways'],
      summary: 'Create a gateway',
      body: NewGateway,
      response: { 201: Enveloped(Gateway) },
    },
    handler: async ({ principal, body }, reply) => {
      const made = await create(await organizationOf(principal, body.org_id), body);
      return reply.code(201).send(envelope(presentGateway(made)));
    },
  });

  app.route({
    method: 'GET',
    url: '/gateways',
    config: { family: 'oriontel', access: readers },
    schema: {
      tags: ['Gateways'],
      summary: 'List gateways',
      querystring: GatewayQuery,
      response: { 200: EnvelopedPage(Gateway) },
    },
    handler: async ({ principal, query }) => {
      const found = await search(organizationToRead(principal, query.org_id), query);
      return envelopePage(found, query, presentGateway);
    },
  });

  app.route({
    method: 'GET',
    url: '/gateways/:id',
    config: { family: 'oriontel', access: readers },
    schema: {
      tags: ['Gateways'],
      summary: 'Read a gateway',
      params: GatewayPath,
      querystring: OrgQuery,
      response: { 200: Enveloped(Gateway) },
    },
    handler: async ({ principal, params, query }) =>
      envelope(presentGateway(await find({ principal, word: params.id, orgId: query.org_id }))),
  });

  app.route({
    method: 'PUT',
    url: '/gateways/:id',
    config: { family: 'oriontel', access: keepers },
    schema: {
      tags: ['Gateways'],
      summary: 'Update a gateway',
      params: GatewayPath,
      querystring: OrgQuery,
      body: GatewayUpdate,
      response: { 200: Enveloped(Gateway) },
    },
    handler: async ({ principal, params, query, body }) => {
      const found = await find({ principal, word: params.id, orgId: query.org_id });
      const updated = await update(found, body);
      if (!updated) throw missing();
      return envelope(presentGateway(updated));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/gateways/:id',
    config: { family: 'oriontel', access: keepers },
    schema: {
      tags: ['Gateways'],
      summary: 'Delete a gateway',
      params: GatewayPath,
      querystring: OrgQuery,
      response: { 204: z.undefined() },
    },
    handler: async ({ principal, params, query }, reply) => {
      const found = await find({ principal, word: params.id, orgId: query.org_id });
      if (!(await remove(found))) throw missing();
      return reply.code(204).send();
    },
  });
};

/** Somebody else deleted it meanwhile. */
const missing = (): Failure => new Failure('not_found', 'Gateway not found');
