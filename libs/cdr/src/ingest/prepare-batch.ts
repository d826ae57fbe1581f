import { isUtf8 } from 'node:buffer';
import { fieldName, Failure, measureJson, type JsonStructure, type Problem } from '@oriontel/contracts';
import type { CdrPayload } from '../parse/cdr-intake.ts';
import { isFreeswitch } from '../parse/freeswitch/recognize-freeswitch.ts';
import { checkRecord } from '../parse/platform/check-record.ts';
import { BatchEnvelope } from '../parse/platform/platform-batch.ts';

/** A body of POST /cdr/:index or /process/:index, and what decides how it is read. */
export interface BatchTask {
  /** The raw body in blocks. */
  body: Uint8Array<ArrayBuffer>[];
  batchId: string;
  sgapiReference: string;
  contentType: string | null;
  userAgent: string | null;
  /** The `?uuid=` that FreeSWITCH adds. */
  uuid: string | null;
}

export interface PreparedBatch {
  kind: 'prepared';
  /** The `org_id` of the batch. */
  orgId: number | undefined;
  /** The CdrPayload as JSON. */
  payload: string;
  /** Valid records. */
  processed: number;
  duplicatesInBatch: number;
  /** Invalid records of a partial batch. */
  quarantined: number;
}

/** The source of records if neither they nor their batch names one. */
const DEFAULT_SOURCE = 'api';

/**
 * Parses and validates a batch. A FreeSWITCH document is always accepted: the worker parses it. Pure; takes
 * 0.1 s for 10,000 records, so run it in a thread for a large body.
 * @throws Failure bad_request, unsupported_media_type, unprocessable
 */
export function prepareBatch(task: BatchTask): PreparedBatch {
  const body = decodeBody(task.body);
  const { userAgent, uuid } = task;
  return isFreeswitch({ body, userAgent: userAgent ?? '', uuid: uuid ?? '' })
    ? prepareDocument(task, body)
    : prepareRecords(task, body);
}

/** Decodes invalid UTF-8 as Latin-1, which keeps every byte of a record in another encoding. */
function decodeBody(blocks: Uint8Array[]): string {
  const body =
    blocks.length === 1
      ? Buffer.from(blocks[0]!.buffer, blocks[0]!.byteOffset, blocks[0]!.byteLength)
      : Buffer.concat(blocks);
  return body.toString(isUtf8(body) ? 'utf8' : 'latin1');
}

const SLUG = /^[A-Za-z0-9._-]{1,64}$/;

function prepareDocument(
  { batchId, sgapiReference, contentType, uuid }: BatchTask,
  body: string,
): PreparedBatch {
  const payload: CdrPayload = {
    format: 'freeswitch',
    batchId,
    // A node posts under its own name: the batch id is the source of a document without a switch name.
    source: SLUG.test(batchId) ? batchId : 'freeswitch',
    sgapiReference,
    body,
    contentType,
    uuid,
  };
  return {
    kind: 'prepared',
    orgId: undefined,
    payload: JSON.stringify(payload),
    processed: 1,
    duplicatesInBatch: 0,
    quarantined: 0,
  };
}

function prepareRecords(task: BatchTask, body: string): PreparedBatch {
  assertStructure(measureJson(task.body));
  const { records, source, org_id, partial } = readEnvelope(parseBody(body, task.contentType));
  const texts = records.map((record) => JSON.stringify(record));
  const invalid = findInvalidRecords(records, texts);
  if (invalid.length && !partial) throw toFailure(invalid);
  const payload: CdrPayload = {
    format: 'platform',
    batchId: task.batchId,
    source: source ?? DEFAULT_SOURCE,
    sgapiReference: task.sgapiReference,
    records,
    ...(!invalid.length && { validated: true }),
  };
  return {
    kind: 'prepared',
    orgId: org_id ?? undefined,
    payload: JSON.stringify(payload),
    processed: records.length - invalid.length,
    // Equal, byte for byte, to an earlier record of the batch.
    duplicatesInBatch: texts.length - new Set(texts).size,
    quarantined: invalid.length,
  };
}

/** Nested lists and objects. */
const MAX_DEPTH = 100;
/** Lists, objects and their members: a hundred for each of 10,000 records. */
const MAX_VALUES = 1_000_000;

function assertStructure({ depth, values }: JsonStructure): void {
  if (depth > MAX_DEPTH)
    throw new Failure('bad_request', `The body is nested more than ${MAX_DEPTH} levels deep: flatten it.`);
  if (values > MAX_VALUES)
    throw new Failure('bad_request', `The body has more than ${MAX_VALUES} values: send several batches.`);
}

function parseBody(body: string, contentType: string | null): unknown {
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

function readEnvelope(json: unknown): BatchEnvelope {
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

/** A record is kept as sent; the longest real ones have a few KiB. */
const MAX_RECORD_CHARS = 1024 * 1024;

function findInvalidRecords(records: unknown[], texts: string[]): InvalidRecord[] {
  return records.flatMap((record, index) => {
    const place = `records[${index}]`;
    if (texts[index]!.length > MAX_RECORD_CHARS) {
      const message = `is longer than ${MAX_RECORD_CHARS} characters: shorten it`;
      return [{ kind: 'shape', problems: [{ field: place, message }] }];
    }
    const check = checkRecord(record);
    if (check.ok) return [];
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
