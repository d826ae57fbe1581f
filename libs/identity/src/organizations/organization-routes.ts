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
import { Member, takeInUser } from '../users/take-in-user.ts';
import { presentAccount, UserAccount } from '../users/user.ts';
import { organizations } from './organization.repository.ts';
import { NewOrganization, Organization, OrganizationUpdate, presentOrganization } from './organization.ts';
import { updateOrganization } from './update-organization.ts';

const keepers: Access = { roles: ['admin', 'manager'] };
const { limit, offset } = pageQuery;
const params = z.object({ id: IdText });

/** For admins, all organizations; for a manager, its own. */
export const organizationRoutes = async (app: HttpServer, { db }: { db: Database }): Promise<void> => {
  const update = updateOrganization(db);
  const takeIn = takeInUser(db);

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
    handler: async ({ body: { name, region = null, retention_days: retentionDays = null } }, reply) => {
      const made = await organizations(db).create({ name, region, retentionDays });
      return reply.code(201).send(envelope(presentOrganization(made)));
    },
  });

  app.route({
    method: 'GET',
    url: '/organizations',
    config: { family: 'oriontel', access: keepers },
    schema: {
      tags: ['Accounts'],
      summary: 'List organizations',
      querystring: z.strictObject({ limit, offset }),
      response: { 200: EnvelopedPage(Organization) },
    },
    handler: async ({ principal, query }) => {
      const found = await organizations(db).list(organizationToRead(principal), query);
      return envelopePage(found, query, presentOrganization);
    },
  });

  app.route({
    method: 'GET',
    url: '/organizations/:id',
    config: { family: 'oriontel', access: keepers },
    schema: {
      tags: ['Accounts'],
      summary: 'Read an organization',
      params,
      response: { 200: Enveloped(Organization) },
    },
    handler: async ({ principal, params: { id } }) => {
      const own = organizationToRead(principal);
      const found = own === null || own === id ? await organizations(db).find(id) : null;
      return envelope(presentOrganization(found ?? missing()));
    },
  });

  app.route({
    method: 'PUT',
    url: '/organizations/:id',
    config: { family: 'oriontel', access: keepers, errors: ['conflict'] },
    schema: {
      tags: ['Accounts'],
      summary: 'Update an organization',
      params,
      body: OrganizationUpdate,
      response: { 200: Enveloped(Organization) },
    },
    handler: async ({ principal, params: { id }, body }) =>
      envelope(presentOrganization((await update(principal, id, body)) ?? missing())),
  });

  app.route({
    method: 'POST',
    url: '/organizations/:id/members',
    config: { family: 'oriontel', access: keepers },
    schema: {
      tags: ['Accounts'],
      summary: 'Take in a member',
      params,
      body: Member,
      response: { 200: Enveloped(UserAccount) },
    },
    handler: async ({ principal, params: { id }, body }) => {
      const own = organizationToRead(principal);
      if (own !== null && own !== id) missing();
      return envelope(presentAccount(await takeIn(id, body)));
    },
  });
};

const missing = (): never => {
  throw new Failure('not_found', 'No such organization.');
};
