import { Failure, IdText, pageQuery } from '@oriontel/contracts';
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
import { Member, addMember } from '../users/add-member.ts';
import { presentAccount, UserAccount } from '../users/user.ts';
import { organizations } from './organization.repository.ts';
import { NewOrganization, Organization, OrganizationUpdate, presentOrganization } from './organization.ts';
import { updateOrganization } from './update-organization.ts';

const managers: Access = { roles: ['admin', 'manager'] };
const { limit, offset } = pageQuery;
const params = z.object({ id: IdText });

/** Routes of organizations: all of them for admins, its own for a manager. */
export async function organizationRoutes(app: HttpServer, { db }: { db: Database }): Promise<void> {
  const update = updateOrganization(db);
  const addToOrganization = addMember(db);

  app.route({
    method: 'POST',
    url: '/organizations',
    config: { family: 'oriontel', access: { roles: ['admin'] } },
    schema: {
      tags: ['Accounts'],
      summary: 'Create an organization',
      body: NewOrganization,
      response: { 201: Enveloped(Organization) },
    },
    async handler({ body: { name, region = null, retention_days: retentionDays = null } }, reply) {
      const created = await organizations(db).create({ name, region, retentionDays });
      return reply.code(201).send(envelope(presentOrganization(created)));
    },
  });

  app.route({
    method: 'GET',
    url: '/organizations',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['Accounts'],
      summary: 'List organizations',
      querystring: z.strictObject({ limit, offset }),
      response: { 200: EnvelopedPage(Organization) },
    },
    async handler({ principal, query }) {
      const found = await organizations(db).list(organizationToRead(principal), query);
      return envelopePage(found, query, presentOrganization);
    },
  });

  app.route({
    method: 'GET',
    url: '/organizations/:id',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['Accounts'],
      summary: 'Get an organization',
      params,
      response: { 200: Enveloped(Organization) },
    },
    async handler({ principal, params: { id } }) {
      const own = organizationToRead(principal);
      const found = own === null || own === id ? await organizations(db).find(id) : null;
      return envelope(presentOrganization(found ?? throwNotFound()));
    },
  });

  app.route({
    method: 'PUT',
    url: '/organizations/:id',
    config: { family: 'oriontel', access: managers, errors: ['conflict'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Update an organization',
      params,
      body: OrganizationUpdate,
      response: { 200: Enveloped(Organization) },
    },
    async handler({ principal, params: { id }, body }) {
      return envelope(presentOrganization((await update(principal, id, body)) ?? throwNotFound()));
    },
  });

  app.route({
    method: 'POST',
    url: '/organizations/:id/members',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['Accounts'],
      summary: 'Add a member to an organization',
      params,
      body: Member,
      response: { 200: Enveloped(UserAccount) },
    },
    async handler({ principal, params: { id }, body }) {
      const own = organizationToRead(principal);
      if (own !== null && own !== id) throwNotFound();
      return envelope(presentAccount(await addToOrganization(id, body)));
    },
  });
}

function throwNotFound(): never {
  throw new Failure('not_found', 'No such organization.');
}
