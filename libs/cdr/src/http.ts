import { isUtf8 } from 'node:buffer';
import { DEFAULT_ORG, Failure, LARGEST_ID, type Principal } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Intake } from '@oriontel/intake';
import {
  envelope,
  Enveloped,
  organisationToRead,
  organisationToWrite,
  type Access,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import { acceptBatch } from './accept-batch.ts';
import { awaitStored, batchStatus, BatchStatus } from './batch-status.ts';
import { CallRecord } from './call-record.ts';
import type { CdrPayload } from './cdr-intake.ts';
import { listQuarantine, QuarantinedCdr, QuarantineQuery } from './list-quarantine.ts';
import { preferredWait } from './prefer-wait.ts';
import { presentCall } from './present-call.ts';
import { CallQuery, findCall, searchCalls } from './search-calls.ts';

export interface CdrRoutes {
  db: Database;
  intake: Intake<CdrPayload>;
  organisationExists: (orgId: number) => Promise<boolean>;
  regionOf: (orgId: number) => Promise<string | null>;
}

/** Bytes of one batch. */
const BATCH_LIMIT = 32 * 1024 * 1024;

const Index = z.object({
  index: z
    .string()
    .min(1)
    .max(128)
    // eslint-disable-next-line no-control-regex
    .regex(/^[^\u0000-\u001f\u007f]+$/, 'must not contain control characters'),
});
const OrgQuery = z.object({ org_id: z.coerce.number().int().min(1).max(LARGEST_ID).optional() });
const IntakeQuery = OrgQuery.extend({ uuid: z.string().max(255).optional() });

const IntakeAnswer = z.object({
  status: z.literal('success'),
  processed: z.int().meta({ description: 'Records that are durable now' }),
  batch_id: z.string(),
  sgapi_reference: z.string(),
  duplicates_in_batch: z.int(),
  quarantined: z.int(),
  stored: z.int().optional().meta({ description: 'With Prefer: wait, once all is stored; so the next two' }),
  duplicates: z.int().optional(),
  conflicts: z.int().optional(),
});

const intakeAccess: Access = { roles: ['admin', 'manager'], scope: 'cdr:write' };

/** CDR intake and what can be read of it. */
export const cdrRoutes = async (
  app: HttpServer,
  { db, intake, organisationExists, regionOf }: CdrRoutes,
): Promise<void> => {
  const accept = acceptBatch(intake);
  const statusOf = batchStatus(db);
  const storedWithin = awaitStored(db);
  const search = searchCalls(db, regionOf);
  const find = findCall(db, regionOf);
  const quarantined = listQuarantine(db);

  const organisationFor =
    (principal: Principal, query: number | undefined) => async (body: number | undefined) => {
      const orgId = organisationToWrite(principal, query ?? body);
      if (orgId !== principal.orgId && orgId !== DEFAULT_ORG && !(await organisationExists(orgId))) {
        throw new Failure('not_found', 'Organization not found: create it first.');
      }
      return orgId;
    };

  // The Content-Type does not tell what FreeSWITCH sends: every body is read as it is.
  await app.register(async (raw: HttpServer) => {
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

    for (const action of ['cdr', 'process']) {
      raw.route({
        method: 'POST',
        url: `/${action}/:index`,
        bodyLimit: BATCH_LIMIT,
        config: { family: 'platform', access: intakeAccess },
        schema: { params: Index, querystring: IntakeQuery, response: { 200: IntakeAnswer } },
        handler: async (request, reply) => {
          const { uuid = null, org_id } = request.query;
          const batchId = request.params.index;
          const accepted = await accept({
            batchId,
            body: decode(request.body as Buffer | undefined),
            contentType: request.headers['content-type'] ?? null,
            userAgent: request.headers['user-agent'] ?? null,
            uuid,
            organisationOf: organisationFor(request.principal, org_id),
            requestId: request.id,
          });
          const { id, processed, sgapiReference, duplicatesInBatch, quarantined } = accepted;
          const answer = {
            status: 'success' as const,
            processed,
            batch_id: batchId,
            sgapi_reference: sgapiReference,
            duplicates_in_batch: duplicatesInBatch,
            quarantined,
          };
          const wait = preferredWait(request.headers['prefer']);
          const done = wait === null ? null : await storedWithin(id, wait);
          if (!done) return answer;
          void reply.header('preference-applied', `wait=${wait}`);
          const { stored, duplicates, conflicts } = done;
          return { ...answer, stored, duplicates, conflicts, quarantined: done.quarantined };
        },
      });
    }
  });

  app.route({
    method: 'GET',
    url: '/cdr/:index',
    config: { family: 'oriontel', access: intakeAccess },
    schema: { params: Index, querystring: OrgQuery, response: { 200: Enveloped(BatchStatus) } },
    handler: async ({ params, query, principal }) => {
      const status = await statusOf(organisationToWrite(principal, query.org_id), params.index);
      if (!status) throw new Failure('not_found', 'No batch was sent under this index.');
      return envelope(status);
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { querystring: CallQuery, response: { 200: Enveloped(z.array(CallRecord)) } },
    handler: async ({ query, principal }) => {
      const { legs, nextCursor } = await search(organisationToRead(principal, query.org_id), query);
      return envelope(legs.map(presentCall), { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/quarantine',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { querystring: QuarantineQuery, response: { 200: Enveloped(z.array(QuarantinedCdr)) } },
    handler: async ({ query, principal }) => {
      const { items, nextCursor } = await quarantined(organisationToRead(principal, query.org_id), query);
      return envelope(items, { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/:id',
    config: { family: 'oriontel', access: 'signed-in' },
    schema: { params: z.object({ id: z.string() }), response: { 200: Enveloped(CallRecord) } },
    handler: async ({ params, principal }) => {
      const id = z.guid().safeParse(params.id.toLowerCase());
      const leg = id.success ? await find(organisationToRead(principal), id.data) : null;
      if (!leg) throw new Failure('not_found', 'No such CDR.');
      return envelope(presentCall(leg));
    },
  });
};

/** UTF-8, or where it is not that, byte for byte: a record in a switch's local encoding is kept too. */
const decode = (body: Buffer | undefined): string =>
  body ? body.toString(isUtf8(body) ? 'utf8' : 'latin1') : '';
