import { isUtf8 } from 'node:buffer';
import { Failure, IdText } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import type { Intake } from '@oriontel/intake';
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
import { acceptBatch, type AcceptedBatch } from './accept-batch.ts';
import { awaitStored, batchStatus, BatchStatus } from '../batches/batch-status.ts';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { preferredWait } from './prefer-wait.ts';
import { PlatformBatch } from '../parse/platform/platform-batch.ts';
import type { Submission } from '../batches/submission.repository.ts';

export interface BatchRoutes {
  db: Database;
  intake: Pick<Intake<CdrPayload>, 'accept'>;
  organizationExists: OrganizationExists;
}

/** Bytes of one batch. */
const MAX_BATCH_BYTES = 32 * 1024 * 1024;

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
type IntakeResponse = z.output<typeof IntakeResponse>;

const senders: Access = { roles: ['admin', 'manager'], scope: 'cdr:write' };
const readers: Access = { roles: ['admin', 'manager', 'user'], scope: 'cdr:write' };

/** Where CDRs come in, and what became of them. */
export async function batchRoutes(app: HttpServer, routes: BatchRoutes): Promise<void> {
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
    async handler({ params, query, principal }) {
      const status = await statusOf(organizationToWrite(principal, query.org_id), params.index);
      if (!status) throw new Failure('not_found', 'No batch was sent under this index.');
      return envelope(status);
    },
  });

  // Any other action is no route: it must not swallow the typos of others.
  for (const action of ['cdr', 'process']) await app.register(intakeRoute, { ...routes, action });
}

async function intakeRoute(
  app: HttpServer,
  { db, intake, organizationExists, action }: BatchRoutes & { action: string },
): Promise<void> {
  const accept = acceptBatch(intake);
  const organizationOf = createOrganizationResolver(organizationExists);
  const storedWithin = awaitStored(db);
  // The Content-Type does not tell what FreeSWITCH sends: every body is read as it is.
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
    },
    schema: {
      tags: ['CDRs'],
      summary: 'Process CDR data',
      params: Index,
      querystring: IntakeQuery,
      response: { 200: IntakeResponse },
    },
    async handler({ params, query, principal, headers, body, id: requestId }, reply) {
      const accepted = await accept({
        batchId: params.index,
        body: decodeBody(body as Buffer | undefined),
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
      return toResponse(params.index, accepted, stored);
    },
  });
}

/** UTF-8, or where it is not that, byte for byte: a record in a switch's local encoding is kept too. */
function decodeBody(body: Buffer | undefined): string {
  return body ? body.toString(isUtf8(body) ? 'utf8' : 'latin1') : '';
}

/** The final counts, where the client waited for them; else what is known of a batch on its way. */
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
