import type { Problem } from '@oriontel/contracts';
import { checkEntry } from './check-entry.ts';
import { ImportEnvelope } from './log-import.ts';
import { contentId } from './log-id.ts';

export interface ImportTask {
  /** In blocks, as it came. */
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
  received: number;
  /** Each is the JSON of an ImportPart, in UTF-8. */
  parts: Uint8Array<ArrayBuffer>[];
}
export interface RefusedImport {
  kind: 'refused';
  code: 'bad_request' | 'unprocessable' | 'too_large';
  message: string;
  details: Problem[];
}

/** Problems named in one answer; there may be a hundred thousand. */
const MAX_DETAILS = 20;
/** Of a part, about: what the gateway sends to the database in one turn of its event loop. */
const MAX_PART_BYTES = 128 * 1024;
const MAX_PART_ENTRIES = 2_500;

/** Lists and objects in a body: 32 MiB of nothing else would take minutes and gigabytes. */
const MAX_CONTAINERS = 2_000_000;
const OPEN_LIST = '['.charCodeAt(0);
const OPEN_OBJECT = '{'.charCodeAt(0);

/** Parses, checks and cuts an import; pure, and long enough to be done in a thread of its own. */
export function readImport(task: ImportTask): ReadImport | RefusedImport {
  if (countContainers(task.body) > MAX_CONTAINERS)
    return refused('too_large', 'The body holds too many lists and objects: send it in smaller parts.');
  const json = parseBody(task.body);
  if (typeof json === 'string') return refused('bad_request', json);
  const envelope = readEnvelope(json.value);
  if ('kind' in envelope) return envelope;
  const { logs, source = null, deduplicate } = envelope;
  const cut = createPartWriter(task, deduplicate);
  const problems: Problem[] = [];
  let isMisshapen = false;
  for (const [index, given] of logs.entries()) {
    const checked = checkEntry(given, task.now);
    if (checked.kind === 'good') {
      if (!problems.length)
        cut.add({ id: contentId(task.orgId, task.entity, checked.entry), ...checked.entry });
      continue;
    }
    isMisshapen ||= checked.kind === 'shape';
    for (const { field, message } of checked.problems)
      problems.push({ field: field ? `logs[${index}].${field}` : `logs[${index}]`, message });
    if (problems.length >= MAX_DETAILS) break;
  }
  if (!problems.length)
    return { kind: 'read', source, deduplicate, received: logs.length, parts: cut.finish() };
  return refusedWithProblems(isMisshapen ? 'bad_request' : 'unprocessable', problems);
}

function refused(code: RefusedImport['code'], message: string, details: Problem[] = []): RefusedImport {
  return {
    kind: 'refused',
    code,
    message,
    details,
  };
}

function refusedWithProblems(code: RefusedImport['code'], problems: Problem[]): RefusedImport {
  const details = problems.slice(0, MAX_DETAILS);
  const [{ field, message } = { field: 'logs', message: 'is not valid' }] = details;
  const more = details.length < MAX_DETAILS ? '' : ' (and there may be more than are named here)';
  return refused(code, `${field} ${message}${more}`, details);
}

/** At most: brackets in texts count, too. */
function countContainers(body: Uint8Array[]): number {
  let count = 0;
  for (const block of body)
    for (const byte of block) if (byte === OPEN_LIST || byte === OPEN_OBJECT) count += 1;
  return count;
}

/** What is wrong with it, where it is no JSON. */
function parseBody(body: Uint8Array[]): { value: unknown } | string {
  try {
    // It also takes off a byte order mark, which is no JSON (RFC 8259, 8.1).
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const text = body.map((block) => decoder.decode(block, { stream: true })).join('') + decoder.decode();
    if (!text.trim()) return 'The body is empty: send {"logs": [ … ]}.';
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return error instanceof SyntaxError
      ? `The body is not valid JSON: ${error.message.slice(0, 200)}`
      : 'The body is not UTF-8.';
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

/** Cuts what is added into parts that are ready for the intake. */
function createPartWriter({ importId, entity }: ImportTask, deduplicate: boolean) {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  let entries: string[] = [];
  let size = 0;
  let first = 0;
  function close(): void {
    if (!entries.length) return;
    const head = JSON.stringify({ importId, entity, deduplicate, first }).slice(0, -1);
    parts.push(encoder.encode(`${head},"entries":[${entries.join(',')}]}`));
    first += entries.length;
    entries = [];
    size = 0;
  }
  return {
    add(entry: object): void {
      const json = JSON.stringify(entry);
      entries.push(json);
      size += json.length;
      if (size >= MAX_PART_BYTES || entries.length >= MAX_PART_ENTRIES) close();
    },
    finish() {
      close();
      return parts;
    },
  };
}
