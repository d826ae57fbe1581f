import type { IncomingMessage } from 'node:http';
import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { PartsIntake } from '@oriontel/intake';
import { organizationToRead, type Access, type HttpServer, type OrganizationExists } from '@oriontel/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { nameOfEntity, readEntityRef } from '../entities/entity.ts';
import { EntityPath, OwnerQuery } from '../entities/entity-path.ts';
import { entityOrganization } from '../entities/entity-organization.ts';
import type { OwnersElsewhere } from '../entities/entity-owners.ts';
import { acceptImport } from './accept-import.ts';
import { collectBody, tooLarge } from './collect-body.ts';
import { awaitImport, importStatus } from './import-status.ts';
import { FoundLogs, LogQuery, presentLog } from './log-entry.ts';
import { Imported, ImportStatus, NewLogImport, presentImported, presentStatus } from './log-import.ts';
import type { ImportReader } from './open-import-reader.ts';
import { searchLogs } from './search-logs.ts';

export interface LogRoutes {
  db: Database;
  intake: Pick<PartsIntake, 'accept'>;
  importReader: Pick<ImportReader, 'read'>;
  organizationExists: OrganizationExists;
  owners: OwnersElsewhere;
  /** Milliseconds an import waits to be stored, before it is answered as queued. */
  importPatience: number;
}

/** Bytes of one import. */
const IMPORT_LIMIT = 32 * 1024 * 1024;

const writers: Access = { roles: ['admin', 'manager'], scope: 'logs:write' };
const followers: Access = { roles: ['admin', 'manager', 'user'], scope: 'logs:write' };

const documentedAs = '/logs/{entity}';

/** The logs of entities. */
export const logRoutes = async (app: HttpServer, routes: LogRoutes): Promise<void> => {
  const { db, owners, organizationExists } = routes;
  const organization = entityOrganization(db, owners, organizationExists, 'logs');
  const search = searchLogs(db);
  const status = importStatus(db);

  app.route({
    method: 'GET',
    url: '/logs/*',
    config: { family: 'platform', access: 'signed-in', limit: 'logs', errors: ['not_found'], documentedAs },
    schema: {
      tags: ['Logs'],
      summary: 'Read logs',
      params: EntityPath,
      querystring: LogQuery,
      response: { 200: FoundLogs },
    },
    handler: async ({ params, query, principal }): Promise<FoundLogs> => {
      const ref = readEntityRef(params['*']);
      const orgId = await organization.toRead(principal, ref, query.org_id);
      const { items, total } = await search(orgId, nameOfEntity(ref), query);
      const logs = items.map(presentLog);
      return { status: 'success', entity: nameOfEntity(ref), count: logs.length, total, logs };
    },
  });

  app.route({
    method: 'GET',
    url: '/logs/imports/:id',
    config: { family: 'platform', access: followers, limit: 'logs' },
    schema: {
      tags: ['Logs'],
      summary: 'Read what became of an import',
      params: z.object({ id: z.string() }),
      response: { 200: ImportStatus },
    },
    handler: async ({ params, principal }) => {
      const orgId = organizationToRead(principal);
      const found = isImportId(params.id) ? await status(orgId, params.id) : null;
      if (!found) throw new Failure('not_found', 'Import not found');
      return presentStatus(found.log, found.state);
    },
  });

  await app.register(importRoute, routes);
};

const isImportId = (id: string): boolean => /^import-\d{8}-[0-9a-f]{32}$/.test(id);

const importRoute = async (app: HttpServer, routes: LogRoutes): Promise<void> => {
  const { db, intake, importReader, organizationExists, owners, importPatience } = routes;
  const organization = entityOrganization(db, owners, organizationExists, 'logs');
  const accept = acceptImport(importReader, intake);
  const storedWithin = awaitImport(db);
  // Parsed in a thread of its own: here a large one would hold up everybody.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async ({ headers }: FastifyRequest, body: IncomingMessage) => {
    if (Number(headers['content-length']) > IMPORT_LIMIT) throw tooLarge(IMPORT_LIMIT);
    return collectBody(body, IMPORT_LIMIT);
  });

  app.route({
    method: 'POST',
    url: '/logs/*',
    bodyLimit: IMPORT_LIMIT,
    config: {
      family: 'platform',
      access: writers,
      limit: 'logs',
      errors: ['not_found', 'unprocessable'],
      documentedAs,
      documentedBody: NewLogImport,
    },
    schema: {
      tags: ['Logs'],
      summary: 'Import logs',
      params: EntityPath,
      querystring: OwnerQuery,
      response: { 200: Imported, 202: ImportStatus },
    },
    handler: async ({ params, query, principal, body, id: requestId }, reply) => {
      const ref = readEntityRef(params['*']);
      const orgId = await organization.toWrite(principal, ref, query.org_id);
      const blocks = (body as Uint8Array<ArrayBuffer>[] | undefined) ?? [];
      const importId = await accept({ orgId, ref, body: blocks, requestId });
      const { log, state } = await storedWithin(orgId, importId, importPatience);
      return state === 'stored' ? presentImported(log) : reply.code(202).send(presentStatus(log, state));
    },
  });
};
