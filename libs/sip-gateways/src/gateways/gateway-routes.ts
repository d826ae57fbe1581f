import { Failure, IdText } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  createOrganizationResolver,
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

const writers: Access = { roles: ['admin', 'manager'], scope: 'gateways:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'gateways:write' };

const GatewayPath = z.object({ id: z.string() });
const OrgQuery = z.strictObject({
  org_id: IdText.optional().meta({ description: 'For admins: the organization of the gateway' }),
});

/** Routes that create, read, update and delete the gateways of an organization. */
export async function gatewayRoutes(
  app: HttpServer,
  { db, organizationExists }: GatewayRoutes,
): Promise<void> {
  const organizationOf = createOrganizationResolver(organizationExists);
  const create = createGateway(db);
  const search = searchGateways(db);
  const find = findGateway(db);
  const update = updateGateway(db);
  const remove = deleteGateway(db);

  app.route({
    method: 'POST',
    url: '/gateways',
    config: { family: 'oriontel', access: writers, errors: ['conflict', 'not_found'] },
    schema: {
      tags: ['Gateways'],
      summary: 'Create a gateway',
      body: NewGateway,
      response: { 201: Enveloped(Gateway) },
    },
    async handler({ principal, body }, reply) {
      const gateway = await create(await organizationOf(principal, body.org_id), body);
      return reply.code(201).send(envelope(presentGateway(gateway)));
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
    async handler({ principal, query }) {
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
      summary: 'Get a gateway',
      params: GatewayPath,
      querystring: OrgQuery,
      response: { 200: Enveloped(Gateway) },
    },
    async handler({ principal, params, query }) {
      return envelope(presentGateway(await find({ principal, idOrName: params.id, orgId: query.org_id })));
    },
  });

  app.route({
    method: 'PUT',
    url: '/gateways/:id',
    config: { family: 'oriontel', access: writers },
    schema: {
      tags: ['Gateways'],
      summary: 'Update a gateway',
      params: GatewayPath,
      querystring: OrgQuery,
      body: GatewayUpdate,
      response: { 200: Enveloped(Gateway) },
    },
    async handler({ principal, params, query, body }) {
      const found = await find({ principal, idOrName: params.id, orgId: query.org_id });
      const updated = await update(found, body);
      if (!updated) throw gatewayNotFound();
      return envelope(presentGateway(updated));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/gateways/:id',
    config: { family: 'oriontel', access: writers },
    schema: {
      tags: ['Gateways'],
      summary: 'Delete a gateway',
      params: GatewayPath,
      querystring: OrgQuery,
      response: { 204: z.undefined() },
    },
    async handler({ principal, params, query }, reply) {
      const found = await find({ principal, idOrName: params.id, orgId: query.org_id });
      if (!(await remove(found))) throw gatewayNotFound();
      return reply.code(204).send();
    },
  });
}

/** Another request deleted it between the lookup and the change. */
const gatewayNotFound = (): Failure => new Failure('not_found', 'Gateway not found');
