import { measureJson, type Problem } from '@oriontel/contracts';
import type { RefusedBody } from '@oriontel/service';
import { checkEntry } from './check-entry.ts';
import { ImportEnvelope } from './log-import.ts';
import { contentId } from './log-id.ts';

export interface ImportTask {
  /** The raw body in blocks. */
  body: Uint8Array<ArrayBuffer>[];
  orgId: number;
  /** type/id */
  entity: string;
  importId: string;
  /** Milliseconds since 1970. */
  now: number;
}

export interface ReadImport {
  kind: 'read';
  source: string | null;
  deduplicate: boolean;
  /** Number of entries. */
  received: number;
  /** Each is the JSON of an ImportPart, in UTF-8. */
  parts: Uint8Array<ArrayBuffer>[];
}

/** Problems listed in one response; an import may have 100,000. */
const MAX_DETAILS = 20;
/** Approximate size of a part: what the gateway sends to the database in one turn of its event loop. */
const MAX_PART_BYTES = 128 * 1024;
const MAX_PART_ENTRIES = 2_500;

/** Lists, objects and their members in a body. */
const MAX_VALUES = 4_000_000;
/** Of lists and objects; those of JsonObject and the import itself. */
const MAX_DEPTH = 64;

/**
 * Parses and validates an import and splits it into parts. Pure; takes seconds for a large body, so run it in
 * a thread.
 */
export function readImport(task: ImportTask): ReadImport | RefusedBody {
  const { depth, values } = measureJson(task.body);
  if (values > MAX_VALUES)
    return refused('too_large', `The body has more than ${MAX_VALUES} values: send it in smaller parts.`);
  if (depth > MAX_DEPTH)
    return refused('bad_request', `The body is nested more than ${MAX_DEPTH} levels deep: flatten it.`);
  const json = parseBody(task.body);
  if (typeof json === 'string') return refused('bad_request', json);
  const envelope = readEnvelope(json.value);
  if ('kind' in envelope) return envelope;
  const { logs, source = null, deduplicate } = envelope;
  const partWriter = createPartWriter(task, deduplicate);
  const problems: Problem[] = [];
  let isMalformed = false;
  for (const [index, value] of logs.entries()) {
    const checked = checkEntry(value, task.now);
    if (checked.kind === 'valid') {
      if (!problems.length)
        partWriter.add({ id: contentId(task.orgId, task.entity, checked.entry), ...checked.entry });
      continue;
    }
    isMalformed ||= checked.kind === 'malformed';
    for (const { field, message } of checked.problems)
      problems.push({ field: field ? `logs[${index}].${field}` : `logs[${index}]`, message });
    if (problems.length >= MAX_DETAILS) break;
  }
  if (!problems.length)
    return { kind: 'read', source, deduplicate, received: logs.length, parts: partWriter.finish() };
  return refusedWithProblems(isMalformed ? 'bad_request' : 'unprocessable', problems);
}

function refused(code: RefusedBody['code'], message: string, details: Problem[] = []): RefusedBody {
  return { kind: 'refused', code, message, details };
}

function refusedWithProblems(code: RefusedBody['code'], problems: Problem[]): RefusedBody {
  const details = problems.slice(0, MAX_DETAILS);
  const [{ field, message } = { field: 'logs', message: 'is not valid' }] = details;
  const more = details.length < MAX_DETAILS ? '' : ` (only the first ${MAX_DETAILS} problems are listed)`;
  return refused(code, `${field} ${message}${more}`, details);
}

/** The parsed body, or an error message. */
function parseBody(body: Uint8Array[]): { value: unknown } | string {
  try {
    // TextDecoder also removes a byte order mark, which JSON does not allow (RFC 8259, section 8.1).
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const text = body.map((block) => decoder.decode(block, { stream: true })).join('') + decoder.decode();
    if (!text.trim()) return 'The body is empty: send {"logs": [ … ]}.';
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return error instanceof SyntaxError
      ? `The body is not valid JSON: ${error.message.slice(0, 200)}`
      : 'The body is not valid UTF-8.';
  }
}

function readEnvelope(json: unknown) {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refused('bad_request', 'The body must be a JSON object with "logs".');
  const envelope = ImportEnvelope.safeParse(json);
  if (envelope.success) return envelope.data;
  const problems = envelope.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
  return refusedWithProblems('bad_request', problems);
}

/** Collects entries into parts that are ready for the intake. */
function createPartWriter({ importId, entity }: ImportTask, deduplicate: boolean) {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  let entries: string[] = [];
  let size = 0;
  let first = 0;

  function closePart(): void {
    if (!entries.length) return;
    const head = JSON.stringify({ importId, entity, deduplicate, first }).slice(0, -1);
    parts.push(encoder.encode(`${head},"entries":[${entries.join(',')}]}`));
    first += entries.length;
    entries = [];
    size = 0;
  }

  function add(entry: object): void {
    const json = JSON.stringify(entry);
    entries.push(json);
    size += json.length;
    if (size >= MAX_PART_BYTES || entries.length >= MAX_PART_ENTRIES) closePart();
  }

  function finish(): Uint8Array<ArrayBuffer>[] {
    closePart();
    return parts;
  }

  return { add, finish };
}
