import { parseFailure, type ParseResult } from './sip-response.ts';

/** Bytes of the largest message, and of the largest UDP datagram. */
export const MAX_MESSAGE_BYTES = 65_535;
const MAX_LINE_LENGTH = 8_192;
const MAX_HEADERS = 256;

const TOKEN = /^[\w.!%*+`'~-]+$/;

/** Compact header names (RFC 3261, 7.3.3). */
const COMPACT_NAMES = new Map([
  ['c', 'content-type'],
  ['e', 'content-encoding'],
  ['f', 'from'],
  ['i', 'call-id'],
  ['k', 'supported'],
  ['l', 'content-length'],
  ['m', 'contact'],
  ['s', 'subject'],
  ['t', 'to'],
  ['v', 'via'],
]);

export interface Head {
  startLine: string;
  /** By lower-case long name, in the order of the message. */
  headers: ReadonlyMap<string, string[]>;
  /** Offset of the body. */
  bodyAt: number;
  /** Null without the header (RFC 3261, 20.14: over UDP the body then ends with the datagram). */
  contentLength: number | null;
}

function parseHeader(line: string): [string, string] | null {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase();
  return TOKEN.test(name) ? [COMPACT_NAMES.get(name) ?? name, line.slice(colon + 1).trim()] : null;
}

function parseContentLength(values: string[] = []): ParseResult<number | null> {
  if (values.length > 1) return parseFailure('more than one Content-Length');
  const [value] = values;
  if (value === undefined) return { ok: true, value: null };
  return /^\d{1,5}$/.test(value) && Number(value) <= MAX_MESSAGE_BYTES
    ? { ok: true, value: Number(value) }
    : parseFailure('Content-Length is no length');
}

/** Parses the start line and the headers; `headEnd` is the offset of the CR LF CR LF after them. */
export function parseHead(bytes: Buffer, headEnd: number): ParseResult<Head> {
  const text = bytes.toString('utf8', 0, headEnd);
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return parseFailure('CR and LF apart');
  // RFC 3261, 7.3.1: a line that begins with white space continues the header before it, never the start
  // line.
  if (/^[^\n]*\n[ \t]/.test(text)) return parseFailure('the start line is folded');
  const [startLine = '', ...lines] = text.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  if (lines.length > MAX_HEADERS) return parseFailure(`more than ${MAX_HEADERS} headers`);
  const headers = new Map<string, string[]>();
  for (const line of [startLine, ...lines])
    if (line.length > MAX_LINE_LENGTH)
      return parseFailure(`a line of more than ${MAX_LINE_LENGTH} characters`);
  for (const line of lines) {
    const header = parseHeader(line);
    if (!header) return parseFailure('a line that is no header');
    const [name, value] = header;
    const before = headers.get(name);
    if (before) before.push(value);
    else headers.set(name, [value]);
  }
  const contentLength = parseContentLength(headers.get('content-length'));
  if (!contentLength.ok) return contentLength;
  return { ok: true, value: { startLine, headers, bodyAt: headEnd + 4, contentLength: contentLength.value } };
}
