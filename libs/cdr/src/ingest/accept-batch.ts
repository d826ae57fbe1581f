import { randomUUID } from 'node:crypto';
import { compactStamp, Failure, type Problem } from '@oriontel/contracts';
import type { Intake } from '@oriontel/intake';
import { fieldName } from '@oriontel/service';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { isFreeswitch } from '../parse/freeswitch/recognize-freeswitch.ts';
import { checkRecord } from '../parse/platform/check-record.ts';
import { BatchEnvelope } from '../parse/platform/platform-batch.ts';

/** One POST to /cdr/:index or /process/:index. */
export interface CdrRequest {
  batchId: string;
  body: string;
  contentType: string | null;
  userAgent: string | null;
  /** The `?uuid=` that FreeSWITCH adds. */
  uuid: string | null;
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

interface PreparedBatch {
  orgId: number | undefined;
  value: CdrPayload;
  processed: number;
  duplicatesInBatch: number;
  quarantined: number;
}

/** The source of records if neither they nor their batch names one. */
const DEFAULT_SOURCE = 'api';

/**
 * Validates a request and commits it to the intake. A FreeSWITCH document is always accepted: the worker
 * parses it.
 * @throws Failure bad_request, unsupported_media_type, unprocessable, unavailable
 */
export function acceptBatch(intake: Pick<Intake<CdrPayload>, 'accept'>) {
  return async function acceptRequest(request: CdrRequest): Promise<AcceptedBatch> {
    const { body, userAgent, uuid } = request;
    const sgapiReference = newReference(new Date());
    const prepare = isFreeswitch({ body, userAgent: userAgent ?? '', uuid: uuid ?? '' })
      ? prepareDocument
      : prepareBatch;
    const { value, processed, duplicatesInBatch, quarantined, ...prepared } = prepare(
      request,
      sgapiReference,
    );
    const orgId = await request.organizationOf(prepared.orgId);
    const { id } = await intake.accept({
      orgId,
      key: request.batchId,
      value,
      items: processed + quarantined,
      reference: sgapiReference,
      requestId: request.requestId,
    });
    return { id, orgId, sgapiReference, processed, duplicatesInBatch, quarantined };
  };
}

/** `sgapi-20240115-103600-…`, as documented: the second and 48 random bits. */
function newReference(now: Date): string {
  return `sgapi-${compactStamp(now)}-${randomUUID().slice(-12)}`;
}

const SLUG = /^[A-Za-z0-9._-]{1,64}$/;

function prepareDocument(
  { batchId, body, contentType, uuid }: CdrRequest,
  sgapiReference: string,
): PreparedBatch {
  return {
    orgId: undefined,
    value: {
      format: 'freeswitch',
      batchId,
      // A node posts under its own name: the batch id is the source of a document without a switch name.
      source: SLUG.test(batchId) ? batchId : 'freeswitch',
      sgapiReference,
      body,
      contentType,
      uuid,
    },
    processed: 1,
    duplicatesInBatch: 0,
    quarantined: 0,
  };
}

function prepareBatch(request: CdrRequest, sgapiReference: string): PreparedBatch {
  const { records, source, org_id, partial } = readEnvelope(parseBody(request));
  const invalid = findInvalidRecords(records);
  if (invalid.length && !partial) throw toFailure(invalid);
  return {
    orgId: org_id ?? undefined,
    value: {
      format: 'platform',
      batchId: request.batchId,
      source: source ?? DEFAULT_SOURCE,
      sgapiReference,
      records,
      ...(!invalid.length && { validated: true }),
    },
    processed: records.length - invalid.length,
    duplicatesInBatch: countDuplicates(records),
    quarantined: invalid.length,
  };
}

function parseBody({ body, contentType }: CdrRequest): unknown {
  if (!body.trim()) throw new Failure('bad_request', 'The body is empty: send {"records": [ … ]}.');
  try {
    // RFC 8259, 8.1: a parser may ignore a byte order mark.
    return JSON.parse(body.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (contentType && !/json|^text\/plain/i.test(contentType)) {
      throw new Failure(
        'unsupported_media_type',
        `Content-Type ${contentType} is not supported: send application/json.`,
      );
    }
    throw new Failure('bad_request', `The body is not valid JSON: ${(error as Error).message}`);
  }
}

/** Nested lists and objects; deeper values could overflow the stack when they are serialized again. */
const MAX_DEPTH = 100;

function isDeeperThan(value: unknown, levels: number): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    (levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1)))
  );
}

function readEnvelope(json: unknown): BatchEnvelope {
  if (isDeeperThan(json, MAX_DEPTH))
    throw new Failure('bad_request', `The body is nested more than ${MAX_DEPTH} levels deep: flatten it.`);
  const batch = BatchEnvelope.safeParse(json);
  if (batch.success) return batch.data;
  const details = batch.error.issues.map(({ path, message }) => ({ field: fieldName(path), message }));
  if (details.some(({ field }) => !field))
    throw new Failure('bad_request', 'The body must be a JSON object with "records".');
  throw new Failure('bad_request', describeFirst(details), { details });
}

interface InvalidRecord {
  kind: 'shape' | 'impossible';
  problems: Problem[];
}

function findInvalidRecords(records: unknown[]): InvalidRecord[] {
  return records.flatMap((record, index) => {
    const check = checkRecord(record);
    if (check.ok) return [];
    const place = `records[${index}]`;
    const problems = check.problems.map(({ field, message }) => ({
      field: field ? `${place}.${field}` : place,
      message,
    }));
    return [{ kind: check.kind, problems }];
  });
}

/** Problems listed in one response; a batch may have tens of thousands. */
const MAX_DETAILS = 100;

function toFailure(invalid: InvalidRecord[]): Failure {
  const details = invalid.flatMap(({ problems }) => problems).slice(0, MAX_DETAILS);
  const others = invalid.length - 1;
  const more = others > 0 ? ` (and ${others} more records; send "partial": true to keep the good ones)` : '';
  const code = invalid.some(({ kind }) => kind === 'shape') ? 'bad_request' : 'unprocessable';
  return new Failure(code, `${describeFirst(details)}${more}`, { details });
}

function describeFirst([first]: Problem[]): string {
  return first ? `${first.field} ${first.message}` : 'The batch is not valid.';
}

/** Records that are equal, byte for byte, to an earlier one of the batch. */
function countDuplicates(records: unknown[]): number {
  return records.length - new Set(records.map((record) => JSON.stringify(record))).size;
}
