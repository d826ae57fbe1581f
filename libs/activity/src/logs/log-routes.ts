import type { IncomingMessage } from 'node:http';
import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { afterCommit, type PartsIntake } from '@oriontel/intake';
import { organizationToRead, type Access, type HttpServer, type OrganizationExists } from '@oriontel/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { formatEntityRef, parseEntityRef } from '../entities/entity.ts';
import { EntityPath, OwnerQuery } from '../entities/entity-path.ts';
import { createEntityOrganizationResolver } from '../entities/create-entity-organization-resolver.ts';
import type { ExternalEntityOwners } from '../entities/find-entity-owners.ts';
import { acceptImport } from './accept-import.ts';
import { bodyTooLarge, collectBody } from './collect-body.ts';
import { awaitImport, findImportStatus } from './find-import-status.ts';
import { FoundLogs, LogQuery, presentLog } from './log-entry.ts';
import { Imported, ImportStatus, NewLogImport, presentImported, presentStatus } from './log-import.ts';
import type { ImportReader } from './create-import-reader.ts';
import { searchLogs } from './search-logs.ts';

export interface LogRoutes {
  db: Database;
  intake: Pick<PartsIntake, 'accept'>;
  importReader: Pick<ImportReader, 'read'>;
  organizationExists: OrganizationExists;
  owners: ExternalEntityOwners;
  /** How long a request waits for its import to be stored before it responds with status queued. */
  importTimeoutMs: number;
}

const MAX_IMPORT_BYTES = 32 * 1024 * 1024;
/** Parsing takes up to 30 s, and storing is waited for. */
const IMPORT_HANDLER_TIMEOUT_MS = 45_000;
/** For the last look at the database after the wait for an import. */
const LAST_READ_MS = 1_000;

const writeAccess: Access = { roles: ['admin', 'manager'], scope: 'logs:write' };
const statusAccess: Access = { roles: ['admin', 'manager', 'user'], scope: 'logs:write' };

const documentedAs = '/logs/{entity}';

/** Logs of entities: search, import and import status. */
export async function logRoutes(app: HttpServer, routes: LogRoutes): Promise<void> {
  const { db, owners, organizationExists } = routes;
  const resolveOrganization = createEntityOrganizationResolver(db, owners, organizationExists, 'logs');

  app.route({
    method: 'GET',
    url: '/logs/*',
    config: { family: 'platform', access: 'signed-in', limit: 'logs', errors: ['not_found'], documentedAs },
    schema: {
      tags: ['Logs'],
      summary: 'Search logs of an entity',
      params: EntityPath,
      querystring: LogQuery,
      response: { 200: FoundLogs },
    },
    async handler({ params, query, principal }): Promise<FoundLogs> {
      const ref = parseEntityRef(params['*']);
      const orgId = await resolveOrganization.forRead(principal, ref, query.org_id);
      const entity = formatEntityRef(ref);
      const { items, total } = await searchLogs(db, orgId, entity, query);
      const logs = items.map(presentLog);
      return { status: 'success', entity, count: logs.length, total, logs };
    },
  });

  app.route({
    method: 'GET',
    url: '/logs/imports/:id',
    config: { family: 'platform', access: statusAccess, limit: 'logs' },
    schema: {
      tags: ['Logs'],
      summary: 'Get import status',
      params: z.object({ id: z.string() }),
      response: { 200: ImportStatus },
    },
    async handler({ params, principal }) {
      const orgId = organizationToRead(principal);
      const found = isImportId(params.id) ? await findImportStatus(db, orgId, params.id) : null;
      if (!found) throw new Failure('not_found', 'Import not found');
      return presentStatus(found.log, found.state);
    },
  });

  await app.register(importRoute, routes);
}

function isImportId(id: string): boolean {
  return /^import-\d{8}-[0-9a-f]{32}$/.test(id);
}

async function importRoute(app: HttpServer, routes: LogRoutes): Promise<void> {
  const { db, intake, importReader, organizationExists, owners, importTimeoutMs } = routes;
  const resolveOrganization = createEntityOrganizationResolver(db, owners, organizationExists, 'logs');
  const accept = acceptImport(importReader, intake);
  // The body stays raw: a thread parses it, because a large one would block all other requests.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async ({ headers }: FastifyRequest, body: IncomingMessage) => {
    if (Number(headers['content-length']) > MAX_IMPORT_BYTES) throw bodyTooLarge(MAX_IMPORT_BYTES);
    return collectBody(body, MAX_IMPORT_BYTES);
  });

  app.route({
    method: 'POST',
    url: '/logs/*',
    bodyLimit: MAX_IMPORT_BYTES,
    config: {
      family: 'platform',
      access: writeAccess,
      limit: 'logs',
      errors: ['not_found', 'unprocessable'],
      documentedAs,
      documentedBody: NewLogImport,
      handlerTimeoutMs: IMPORT_HANDLER_TIMEOUT_MS,
    },
    schema: {
      tags: ['Logs'],
      summary: 'Import logs of an entity',
      params: EntityPath,
      querystring: OwnerQuery,
      response: { 200: Imported, 202: ImportStatus },
    },
    async handler(request, reply) {
      const { params, query, principal, body, id: requestId } = request;
      const ref = parseEntityRef(params['*']);
      const orgId = await resolveOrganization.forWrite(principal, ref, query.org_id);
      const blocks = (body as Uint8Array<ArrayBuffer>[] | undefined) ?? [];
      const accepted = await accept({ orgId, ref, body: blocks, requestId });
      const found = await afterCommit(
        {
          timeoutMs: importTimeoutMs + LAST_READ_MS,
          onError: (err) => request.log.warn({ err, importId: accepted.id }, 'waiting for an import failed'),
        },
        () => awaitImport(db, orgId, accepted.id, importTimeoutMs),
      );
      const { log, state } = found ?? { log: accepted, state: 'queued' as const };
      return state === 'stored' ? presentImported(log) : reply.code(202).send(presentStatus(log, state));
    },
  });
}
