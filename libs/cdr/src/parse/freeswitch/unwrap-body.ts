import { percentDecodeAll } from '../percent-decode.ts';

export type Encoding = 'raw' | 'url' | 'base64' | 'plaintext';

export interface Unwrapped {
  text: string;
  encoding: Encoding;
  /** The `uuid` field of a form body, when there is one. */
  uuid: string | null;
}

/** How far into a form body the `cdr` field may start. */
const FORM_HEAD_CHARS = 4096;

const startsDocument = (text: string): boolean => /^[\s\uFEFF]*[<{[]/.test(text.slice(0, 256));

/** Java servlets write a blank as `+`; FreeSWITCH writes `%20`, and would write a `+` as `%2B`. */
function decodeForm(value: string): string {
  return percentDecodeAll(value.includes('%20') ? value : value.replaceAll('+', ' '));
}

/** Not form-decoded: `+` is a base64 digit. One that was decoded on the way has blanks instead, which are put back. */
function decodeBase64(value: string): string {
  return Buffer.from(percentDecodeAll(value.trim()).replaceAll(' ', '+'), 'base64').toString('utf8');
}

function fieldEnd(body: string, start: number): number {
  const end = body.indexOf('&', start);
  return end === -1 ? body.length : end;
}

function formUuid(head: string): string | null {
  const uuid = /(?:^|&)uuid=([^&]{1,300})/.exec(head)?.[1];
  return uuid === undefined ? null : percentDecodeAll(uuid);
}

function unwrapValue(body: string, start: number): Omit<Unwrapped, 'uuid'> {
  const rest = body.slice(start);
  // Plaintext holds unescaped `&` and `%` of its own: all of the rest is the document, as it stands.
  if (startsDocument(rest)) return { text: rest, encoding: 'plaintext' };
  const value = body.slice(start, fieldEnd(body, start));
  return /^[\s+]*%/.test(value.slice(0, 256))
    ? { text: decodeForm(value), encoding: 'url' }
    : { text: decodeBase64(value), encoding: 'base64' };
}

/**
 * The document inside a body of mod_json_cdr or mod_xml_cdr, in any `encode` setting of theirs, or of a servlet that
 * merged query and body into one form. Looks at the body only: the Content-Type does not always tell.
 * Null when there is no document in it.
 */
export function unwrapBody(body: string): Unwrapped | null {
  if (startsDocument(body)) return { text: body, encoding: 'raw', uuid: null };
  const head = body.slice(0, FORM_HEAD_CHARS);
  const uuid = formUuid(head);
  const field = /(?:^|&)\s*cdr=/.exec(head);
  if (field) return { ...unwrapValue(body, field.index + field[0].length), uuid };
  return /^\s*%(?:3C|7B)/i.test(head) ? { text: decodeForm(body), encoding: 'url', uuid } : null;
}
