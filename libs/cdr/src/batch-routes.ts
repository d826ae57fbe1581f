import { isUtf8 } from 'node:buffer';
import { Failure, IdText } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Intake } from '@oriontel/intake';
import {
  envelope,
  Enveloped,
  organizationToFill,
  organizationToWrite,
  type OrganizationExists,
  type Access,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import { acceptBatch, type Accepted } from './accept-batch.ts';
import { awaitStored, batchStatus, BatchStatus } from './batch-status.ts';
import type { CdrPayload } from './cdr-intake.ts';
import { preferredWait } from './prefer-wait.ts';
import { PlatformBatch } from './platform/platform-batch.ts';
import type { Submission } from './submission.repository.ts';

export interface BatchRoutes {
  db: Database;
  intake: Pick<Intake<CdrPayload>, 'accept'>;
  organizationExists: OrganizationExists;
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
const OrgQuery = z.object({ org_id: IdText.optional() });
const IntakeQuery = OrgQuery.extend({ uuid: z.string().max(255).optional() });

const IntakeAnswer = z
  .object({
    status: z.literal('success'),
    processed: z.int().meta({ description: 'Records that are durable now' }),
    batch_id: z.string(),
    sgapi_reference: z.string(),
    duplicates_in_batch: z.int(),
    quarantined: z.int(),
    stored: z
      .int()
      .optional()
      .meta({ description: 'With Prefer: wait, once all is stored; so the next two' }),
    duplicates: z.int().optional(),
    conflicts: z.int().optional(),
  })
  .meta({
    id: 'IntakeAnswer',
    examples: [
      {
        status: 'success',
        processed: 1,
        batch_id: 'batch001',
        sgapi_reference: 'sgapi-20240115-103600-001',
        duplicates_in_batch: 0,
        quarantined: 0,
      },
    ],
  });
type IntakeAnswer = z.output<typeof IntakeAnswer>;

const senders: Access = { roles: ['admin', 'manager'], scope: 'cdr:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'cdr:write' };

/** Where CDRs come in, and what became of them. */
export const batchRoutes = async (app: HttpServer, routes: BatchRoutes): Promise<void> => {
  const statusOf = batchStatus(routes.db);

  app.route({
    method: 'GET',
    url: '/cdr/:index',
    config: { family: 'oriontel', access: readers, limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Read what became of a batch',
      params: Index,
      querystring: OrgQuery,
      response: { 200: Enveloped(BatchStatus) },
    },
    handler: async ({ params, query, principal }) => {
      const status = await statusOf(organizationToWrite(principal, query.org_id), params.index);
      if (!status) throw new Failure('not_found', 'No batch was sent under this index.');
      return envelope(status);
    },
  });

  // Any other action is no route: it must not swallow the typos of others.
  for (const action of ['cdr', 'process']) await app.register(intakeRoute, { ...routes, action });
};

const intakeRoute = async (
  app: HttpServer,
  { db, intake, organizationExists, action }: BatchRoutes & { action: string },
): Promise<void> => {
  const accept = acceptBatch(intake);
  const organizationOf = organizationToFill(organizationExists);
  const storedWithin = awaitStored(db);
  // The Content-Type does not tell what FreeSWITCH sends: every body is read as it is.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.route({
    method: 'POST',
    url: `/${action}/:index`,
    bodyLimit: BATCH_LIMIT,
    config: {
      family: 'platform',
      access: senders,
      limit: 'cdr',
      errors: ['unprocessable'],
      documentedAs: '/{action}/{index}',
      documentedBody: PlatformBatch,
    },
    schema: {
      tags: ['CDRs'],
      summary: 'Process CDR data',
      params: Index,
      querystring: IntakeQuery,
      response: { 200: IntakeAnswer },
    },
    handler: async ({ params, query, principal, headers, body, id: requestId }, reply) => {
      const accepted = await accept({
        batchId: params.index,
        body: decode(body as Buffer | undefined),
        contentType: headers['content-type'] ?? null,
        userAgent: headers['user-agent'] ?? null,
        uuid: query.uuid ?? null,
        // The query's org_id counts more than the body's.
        organizationOf: (inBody) => organizationOf(principal, query.org_id ?? inBody),
        requestId,
      });
      const wait = preferredWait(headers['prefer']);
      const stored = wait === null ? null : await storedWithin(accepted.orgId, accepted.id, wait);
      if (stored) void reply.header('preference-applied', `wait=${wait}`);
      return answer(params.index, accepted, stored);
    },
  });
};

/** UTF-8, or where it is not that, byte for byte: a record in a switch's local encoding is kept too. */
const decode = (body: Buffer | undefined): string =>
  body ? body.toString(isUtf8(body) ? 'utf8' : 'latin1') : '';

/** The final counts, where the client waited for them; else what is known of a batch on its way. */
const answer = (batchId: string, accepted: Accepted, stored: Submission | null): IntakeAnswer => ({
  status: 'success',
  processed: accepted.processed,
  batch_id: batchId,
  sgapi_reference: accepted.sgapiReference,
  duplicates_in_batch: accepted.duplicatesInBatch,
  quarantined: stored?.quarantined ?? accepted.quarantined,
  ...(stored && { stored: stored.stored, duplicates: stored.duplicates, conflicts: stored.conflicts }),
});
