import { randomUUID } from 'node:crypto';
import { compactStamp, Failure, type Problem } from '@oriontel/contracts';
import type { Intake } from '@oriontel/intake';
import { fieldName } from '@oriontel/service';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { isFreeswitch } from '../parse/freeswitch/recognize-freeswitch.ts';
import { checkRecord } from '../parse/platform/check-record.ts';
import { BatchEnvelope } from '../parse/platform/platform-batch.ts';

/** One POST to /cdr/:index or /process/:index, as it came. */
export interface CdrRequest {
  batchId: string;
  body: string;
  contentType: string | null;
  userAgent: string | null;
  /** The `?uuid=` that FreeSWITCH adds. */
  uuid: string | null;
  /** The organization a batch with this `org_id` (if any) goes to. @throws Failure where it may not. */
  organizationOf: (orgId: number | undefined) => Promise<number>;
  requestId: string;
}

export interface AcceptedBatch {
  /** Of the submission. */
  id: string;
  orgId: number;
  sgapiReference: string;
  /** Records that are durable now. */
  processed: number;
  duplicatesInBatch: number;
  /** Of a partial batch: the bad records, which are durable too. */
  quarantined: number;
}

interface PreparedBatch {
  orgId: number | undefined;
  value: CdrPayload;
  processed: number;
  duplicatesInBatch: number;
  quarantined: number;
}

/** A record without a source of its own and a batch without one were sent by a client of this API. */
const DEFAULT_SOURCE = 'api';

/**
 * Checks what came and commits it to the intake. A FreeSWITCH document is never refused: the worker reads it.
 * @throws Failure bad_request, unsupported_media_type, unprocessable, unavailable
 */
export function acceptBatch(intake: Pick<Intake<CdrPayload>, 'accept'>) {
  return async function acceptRequest(request: CdrRequest): Promise<AcceptedBatch> {
    const sgapiReference = newReference(new Date());
    const { body, userAgent, uuid } = request;
    const asFreeswitch = isFreeswitch({ body, userAgent: userAgent ?? '', uuid: uuid ?? '' });
    const prepared = asFreeswitch
      ? prepareDocument(request, sgapiReference)
      : prepareBatch(request, sgapiReference);
    const { value, processed, duplicatesInBatch, quarantined } = prepared;
    const orgId = await request.organizationOf(prepared.orgId);
    const { id } = await intake.accept({ orgId, key: request.batchId, value, requestId: request.requestId });
    return { id, orgId, sgapiReference, processed, duplicatesInBatch, quarantined };
  };
}

/** `sgapi-20240115-103600-…`, as documented; 48 random bits beside the second. */
const newReference = (now: Date): string => `sgapi-${compactStamp(now)}-${randomUUID().slice(-12)}`;

const SLUG = /^[A-Za-z0-9._-]{1,64}$/;

function prepareDocument(
  { batchId, body, contentType, uuid }: CdrRequest,
  sgapiReference: string,
): PreparedBatch {
  return {
    orgId: undefined,
    // A node posts under its own name: the index of its URL stands in where the document names no switch.
    value: {
      format: 'freeswitch',
      batchId,
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
  const bad = findInvalidRecords(records);
  if (bad.length && !partial) throw toFailure(bad);
  return {
    orgId: org_id ?? undefined,
    value: {
      format: 'platform',
      batchId: request.batchId,
      source: source ?? DEFAULT_SOURCE,
      sgapiReference,
      records,
    },
    processed: records.length - bad.length,
    duplicatesInBatch: countDuplicates(records),
    quarantined: bad.length,
  };
}

function parseBody({ body, contentType }: CdrRequest): unknown {
  if (!body.trim()) throw new Failure('bad_request', 'The body is empty: send {"records": [ … ]}.');
  try {
    // A byte order mark is no JSON, and some senders write one (RFC 8259, 8.1).
    return JSON.parse(body.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (contentType && !/json|^text\/plain/i.test(contentType)) {
      throw new Failure(
        'unsupported_media_type',
        `Content-Type ${contentType} is not supported here: send application/json.`,
      );
    }
    throw new Failure('bad_request', `The body is not valid JSON: ${(error as Error).message}`);
  }
}

/** Levels of lists and objects; deeper ones overflow the stack of whoever writes them as JSON again. */
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

type InvalidRecord = { kind: 'shape' | 'impossible'; problems: Problem[] };

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

/** Problems named in one answer; there may be tens of thousands. */
const MAX_DETAILS = 100;

function toFailure(bad: InvalidRecord[]): Failure {
  const details = bad.flatMap(({ problems }) => problems).slice(0, MAX_DETAILS);
  const more =
    bad.length > 1 ? ` (and ${bad.length - 1} more records; send "partial": true to keep the good ones)` : '';
  const code = bad.some(({ kind }) => kind === 'shape') ? 'bad_request' : 'unprocessable';
  return new Failure(code, `${describeFirst(details)}${more}`, { details });
}

function describeFirst([first]: Problem[]): string {
  return first ? `${first.field} ${first.message}` : 'The batch is not valid.';
}

/** Records that say again, to the letter, what an earlier one of the batch said. */
function countDuplicates(records: unknown[]): number {
  return records.length - new Set(records.map((record) => JSON.stringify(record))).size;
}
