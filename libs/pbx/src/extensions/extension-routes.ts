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
import { z } from 'zod';
import { PathId } from '../path-id.ts';
import { createExtension, NewExtension } from './create-extension.ts';
import { Extension, presentExtension } from './extension.ts';
import { extensions } from './extension.repository.ts';
import { ExtensionQuery, searchExtensions } from './search-extensions.ts';
import { ExtensionUpdate, updateExtension } from './update-extension.ts';

export interface ExtensionRoutes {
  db: Database;
  organizationExists: OrganizationExists;
}

const managers: Access = { roles: ['admin', 'manager'] };
const extensionNotFound = (): Failure => new Failure('not_found', 'No such extension.');

/** Routes of extensions. */
export async function extensionRoutes(
  app: HttpServer,
  { db, organizationExists }: ExtensionRoutes,
): Promise<void> {
  const resolveOrganization = createOrganizationResolver(organizationExists);
  const create = createExtension(db);
  const search = searchExtensions(db);
  const update = updateExtension(db);

  app.route({
    method: 'POST',
    url: '/extensions',
    config: { family: 'oriontel', access: managers, errors: ['conflict', 'not_found'] },
    schema: {
      tags: ['PBX'],
      summary: 'Create an extension',
      body: NewExtension,
      response: { 201: Enveloped(Extension) },
    },
    async handler({ principal, body }, reply) {
      const created = await create(await resolveOrganization(principal, body.org_id), body);
      return reply.code(201).send(envelope(presentExtension(created, principal)));
    },
  });

  app.route({
    method: 'GET',
    url: '/extensions',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: {
      tags: ['PBX'],
      summary: 'List extensions',
      querystring: ExtensionQuery,
      response: { 200: EnvelopedPage(Extension) },
    },
    async handler({ principal, query }) {
      const found = await search(organizationToRead(principal, query.org_id), query);
      return envelopePage(found, query, (extension) => presentExtension(extension, principal));
    },
  });

  app.route({
    method: 'GET',
    url: '/extensions/:id',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: {
      tags: ['PBX'],
      summary: 'Get an extension',
      params: PathId,
      response: { 200: Enveloped(Extension) },
    },
    async handler({ principal, params }) {
      const found = await extensions(db).find(organizationToRead(principal), params.id);
      if (!found) throw extensionNotFound();
      return envelope(presentExtension(found, principal));
    },
  });

  app.route({
    method: 'PUT',
    url: '/extensions/:id',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['PBX'],
      summary: 'Update an extension',
      params: PathId,
      body: ExtensionUpdate,
      response: { 200: Enveloped(Extension) },
    },
    async handler({ principal, params, body }) {
      const updated = await update(organizationToRead(principal), params.id, body);
      if (!updated) throw extensionNotFound();
      return envelope(presentExtension(updated, principal));
    },
  });

  app.route({
    method: 'DELETE',
    url: '/extensions/:id',
    config: { family: 'oriontel', access: managers },
    schema: {
      tags: ['PBX'],
      summary: 'Delete an extension',
      params: PathId,
      response: { 204: z.undefined() },
    },
    async handler({ principal, params }, reply) {
      if (!(await extensions(db).delete(organizationToRead(principal), params.id))) throw extensionNotFound();
      return reply.code(204).send();
    },
  });
}
