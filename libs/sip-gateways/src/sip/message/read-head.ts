import { refuse, type Reading } from './sip-response.ts';

/** Bytes of the largest message that is read; of a UDP datagram there are no more. */
export const MOST_BYTES = 65_535;
const LONGEST_LINE = 8_192;
const MOST_HEADERS = 256;

const TOKEN = /^[\w.!%*+`'~-]+$/;

/** RFC 3261, 7.3.3. */
const COMPACT = new Map([
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
  /** By lower-case long name, in the order they came. */
  headers: ReadonlyMap<string, string[]>;
  /** Where the body begins. */
  bodyAt: number;
  /** Null where it is not said (RFC 3261, 20.14: over UDP the body then ends with the datagram). */
  contentLength: number | null;
}

const readHeader = (line: string): [string, string] | null => {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0)).trimEnd().toLowerCase();
  return TOKEN.test(name) ? [COMPACT.get(name) ?? name, line.slice(colon + 1).trim()] : null;
};

const readContentLength = (values: string[] = []): Reading<number | null> => {
  if (values.length > 1) return refuse('more than one Content-Length');
  const [value] = values;
  if (value === undefined) return { ok: true, value: null };
  return /^\d{1,5}$/.test(value) && Number(value) <= MOST_BYTES
    ? { ok: true, value: Number(value) }
    : refuse('Content-Length is no length');
};

/** The start line and the headers of the message that ends its head at `headEnd`, where CR LF CR LF begins. */
export const readHead = (bytes: Buffer, headEnd: number): Reading<Head> => {
  const text = bytes.toString('utf8', 0, headEnd);
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return refuse('CR and LF apart');
  // RFC 3261, 7.3.1: a line that begins with white space goes on with the one before, which cannot be the start line.
  if (/^[^\n]*\n[ \t]/.test(text)) return refuse('the start line is folded');
  const [startLine = '', ...lines] = text.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  if (lines.length > MOST_HEADERS) return refuse(`more than ${MOST_HEADERS} headers`);
  const headers = new Map<string, string[]>();
  for (const line of [startLine, ...lines])
    if (line.length > LONGEST_LINE) return refuse(`a line of more than ${LONGEST_LINE} characters`);
  for (const line of lines) {
    const header = readHeader(line);
    if (!header) return refuse('a line that is no header');
    const [name, value] = header;
    const before = headers.get(name);
    if (before) before.push(value);
    else headers.set(name, [value]);
  }
  const contentLength = readContentLength(headers.get('content-length'));
  if (!contentLength.ok) return contentLength;
  return { ok: true, value: { startLine, headers, bodyAt: headEnd + 4, contentLength: contentLength.value } };
};
