import { randomUUID } from 'node:crypto';
import { compactStamp } from '@oriontel/contracts';
import type { Intake } from '@oriontel/intake';
import type { BodyReader } from '@oriontel/service';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { prepareBatch, type BatchTask, type PreparedBatch } from './prepare-batch.ts';

/** One POST to /cdr/:index or /process/:index. */
export interface CdrRequest extends Omit<BatchTask, 'body' | 'sgapiReference'> {
  body: Buffer | undefined;
  /**
   * Resolves the organization of a batch from its optional `org_id`.
   * @throws Failure if the client has no access to it
   */
  organizationOf: (orgId: number | undefined) => Promise<number>;
  requestId: string;
}

export interface AcceptedBatch {
  /** The id of the submission. */
  id: string;
  orgId: number;
  sgapiReference: string;
  /** Valid records, durably stored. */
  processed: number;
  duplicatesInBatch: number;
  /** Invalid records of a partial batch, durably stored too. */
  quarantined: number;
}

/** Prepares large batches in threads. */
export type BatchReader = BodyReader<BatchTask, PreparedBatch>;

/** A larger body would occupy the event loop for too long: it takes about 50 ms per MiB. */
const MAX_INLINE_BYTES = 512 * 1024;

/**
 * Validates a request and commits it to the intake.
 * @throws Failure bad_request, unsupported_media_type, unprocessable, too_large, unavailable
 */
export function acceptBatch(intake: Pick<Intake<CdrPayload>, 'accept'>, reader: Pick<BatchReader, 'read'>) {
  return async function acceptRequest(request: CdrRequest): Promise<AcceptedBatch> {
    const { organizationOf, requestId, body = Buffer.alloc(0), ...facts } = request;
    const { batchId } = facts;
    const sgapiReference = newReference(new Date());
    const task = { ...facts, sgapiReference };
    const { orgId: statedOrgId, payload, ...counts } = await prepare(task, body, reader);
    const orgId = await organizationOf(statedOrgId);
    const { id } = await intake.accept({
      orgId,
      key: batchId,
      json: payload,
      items: counts.processed + counts.quarantined,
      reference: sgapiReference,
      requestId,
    });
    return { id, orgId, sgapiReference, ...counts };
  };
}

async function prepare(
  task: Omit<BatchTask, 'body'>,
  body: Buffer,
  reader: Pick<BatchReader, 'read'>,
): Promise<Omit<PreparedBatch, 'kind'>> {
  const isLarge = body.byteLength > MAX_INLINE_BYTES;
  // The memory of a large body is its own, and is transferred to the thread.
  const block = body as Buffer<ArrayBuffer>;
  const { kind: _, ...prepared } = isLarge
    ? await reader.read({ ...task, body: [block] })
    : prepareBatch({ ...task, body: [block] });
  return prepared;
}

/** `sgapi-20240115-103600-…`, as documented: the second and 48 random bits. */
function newReference(now: Date): string {
  return `sgapi-${compactStamp(now)}-${randomUUID().slice(-12)}`;
}
