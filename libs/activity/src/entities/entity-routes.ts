import { EntityName } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import {
  envelope,
  Enveloped,
  EnvelopedPage,
  envelopePage,
  createOrganizationResolver,
  organizationToRead,
  type HttpServer,
  type OrganizationExists,
} from '@oriontel/service';
import { z } from 'zod';
import { Entity, EntityQuery, assertRegistrable, NamedEntity, presentEntity } from './entity.ts';
import { entities } from './entity.repository.ts';

export interface EntityRoutes {
  db: Database;
  organizationExists: OrganizationExists;
}

/** Entities of an organization that no other route manages, such as trunks, devices and dialplans. */
export async function entityRoutes(app: HttpServer, { db, organizationExists }: EntityRoutes): Promise<void> {
  const resolveOrganization = createOrganizationResolver(organizationExists);

  app.route({
    method: 'PUT',
    url: '/entities/:type/:id',
    config: { family: 'oriontel', access: { roles: ['admin', 'manager'] } },
    schema: {
      tags: ['Entities'],
      summary: 'Set the name of an entity',
      params: z.object({ type: EntityName, id: EntityName }),
      body: NamedEntity,
      response: { 200: Enveloped(Entity) },
    },
    async handler({ params, principal, body }) {
      assertRegistrable(params.type);
      const orgId = await resolveOrganization(principal, body.org_id);
      return envelope(presentEntity(await entities(db).setName(orgId, params, body.name)));
    },
  });

  app.route({
    method: 'GET',
    url: '/entities',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: {
      tags: ['Entities'],
      summary: 'List entities',
      querystring: EntityQuery,
      response: { 200: EnvelopedPage(Entity) },
    },
    async handler({ query, principal }) {
      const orgId = organizationToRead(principal, query.org_id);
      const found = await entities(db).list(orgId, query, query);
      return envelopePage(found, query, presentEntity);
    },
  });
}
