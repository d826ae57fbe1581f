import { Failure, IdText } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { afterCommit, type Intake } from '@oriontel/intake';
import {
  envelope,
  Enveloped,
  createOrganizationResolver,
  organizationToWrite,
  type OrganizationExists,
  type Access,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import { acceptBatch, type AcceptedBatch, type BatchReader } from './accept-batch.ts';
import { awaitStored, batchStatus, BatchStatus } from '../batches/batch-status.ts';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { MAX_WAIT_SECONDS, preferredWait } from './prefer-wait.ts';
import { PlatformBatch } from '../parse/platform/platform-batch.ts';
import type { Submission } from '../batches/submission.repository.ts';

export interface BatchRoutes {
  db: Database;
  intake: Pick<Intake<CdrPayload>, 'accept'>;
  batchReader: Pick<BatchReader, 'read'>;
  organizationExists: OrganizationExists;
}

const MAX_BATCH_BYTES = 32 * 1024 * 1024;
/** For a batch to be accepted. */
const ACCEPT_SECONDS = 5;
/** For the last look at the database after the wait for a submission. */
const LAST_READ_SECONDS = 1;

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

const IntakeResponse = z
  .object({
    status: z.literal('success'),
    processed: z.int().meta({ description: 'Valid records, durably stored' }),
    batch_id: z.string(),
    sgapi_reference: z.string(),
    duplicates_in_batch: z.int(),
    quarantined: z.int(),
    stored: z
      .int()
      .optional()
      .meta({ description: 'Only with Prefer: wait, after the batch was stored; also the next two' }),
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
type IntakeResponse = z.output<typeof IntakeResponse>;

const senders: Access = { roles: ['admin', 'manager'], scope: 'cdr:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'cdr:write' };

/** Intake of CDRs and the status of batches. */
export async function batchRoutes(app: HttpServer, routes: BatchRoutes): Promise<void> {
  const statusOf = batchStatus(routes.db);

  app.route({
    method: 'GET',
    url: '/cdr/:index',
    config: { family: 'oriontel', access: readers, limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Get batch status',
      params: Index,
      querystring: OrgQuery,
      response: { 200: Enveloped(BatchStatus) },
    },
    async handler({ params, query, principal }) {
      const status = await statusOf(organizationToWrite(principal, query.org_id), params.index);
      if (!status) throw new Failure('not_found', 'No such batch.');
      return envelope(status);
    },
  });

  // Two routes instead of a parameter `:action`, which would match mistyped paths of other routes.
  for (const action of ['cdr', 'process']) await app.register(intakeRoute, { ...routes, action });
}

async function intakeRoute(
  app: HttpServer,
  { db, intake, batchReader, organizationExists, action }: BatchRoutes & { action: string },
): Promise<void> {
  const accept = acceptBatch(intake, batchReader);
  const organizationOf = createOrganizationResolver(organizationExists);
  const waitUntilStored = awaitStored(db);
  // The Content-Type of FreeSWITCH is not reliable: every body is read as bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.route({
    method: 'POST',
    url: `/${action}/:index`,
    bodyLimit: MAX_BATCH_BYTES,
    config: {
      family: 'platform',
      access: senders,
      limit: 'cdr',
      errors: ['unprocessable'],
      documentedAs: '/{action}/{index}',
      documentedBody: PlatformBatch,
      handlerTimeoutMs: (MAX_WAIT_SECONDS + ACCEPT_SECONDS) * 1_000,
    },
    schema: {
      tags: ['CDRs'],
      summary: 'Process CDR data',
      params: Index,
      querystring: IntakeQuery,
      response: { 200: IntakeResponse },
    },
    async handler(request, reply) {
      const { params, query, principal, headers, body, id: requestId } = request;
      const accepted = await accept({
        batchId: params.index,
        body: body as Buffer | undefined,
        contentType: headers['content-type'] ?? null,
        userAgent: headers['user-agent'] ?? null,
        uuid: query.uuid ?? null,
        // `org_id` of the query overrides that of the body.
        organizationOf: (bodyOrgId) => organizationOf(principal, query.org_id ?? bodyOrgId),
        requestId,
      });
      const seconds = preferredWait(headers['prefer']);
      const stored =
        seconds === null
          ? null
          : await afterCommit(
              {
                timeoutMs: (seconds + LAST_READ_SECONDS) * 1_000,
                onError: (err) =>
                  request.log.warn({ err, id: accepted.id }, 'waiting for a submission failed'),
              },
              () => waitUntilStored(accepted.orgId, accepted.id, seconds),
            );
      if (stored) void reply.header('preference-applied', `wait=${seconds}`);
      return toResponse(params.index, accepted, stored);
    },
  });
}

/** Includes the final counts if the client waited until the batch was stored. */
function toResponse(batchId: string, accepted: AcceptedBatch, stored: Submission | null): IntakeResponse {
  return {
    status: 'success',
    processed: accepted.processed,
    batch_id: batchId,
    sgapi_reference: accepted.sgapiReference,
    duplicates_in_batch: accepted.duplicatesInBatch,
    quarantined: stored?.quarantined ?? accepted.quarantined,
    ...(stored && { stored: stored.stored, duplicates: stored.duplicates, conflicts: stored.conflicts }),
  };
}
