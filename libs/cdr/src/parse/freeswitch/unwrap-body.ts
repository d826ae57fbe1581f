import { percentDecodeAll } from '../percent-decode.ts';

export type Encoding = 'raw' | 'url' | 'base64' | 'plaintext';

export interface Unwrapped {
  text: string;
  encoding: Encoding;
  /** The `uuid` field of a form body, when there is one. */
  uuid: string | null;
}

/** The `cdr` field of a form body must start within this range. */
const FORM_HEAD_CHARS = 4096;

const startsDocument = (text: string): boolean => /^[\s\uFEFF]*[<{[]/.test(text.slice(0, 256));

/** Java servlets encode a blank as `+`; FreeSWITCH encodes it as `%20`, and `+` as `%2B`. */
function decodeForm(value: string): string {
  return percentDecodeAll(value.includes('%20') ? value : value.replaceAll('+', ' '));
}

/**
 * `+` is a base64 digit: a proxy that form-decoded the value turned it into a blank, which is restored here.
 */
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
  // Plaintext may contain unescaped `&` and `%`: all of the rest is the document.
  if (startsDocument(rest)) return { text: rest, encoding: 'plaintext' };
  const value = body.slice(start, fieldEnd(body, start));
  return /^[\s+]*%/.test(value.slice(0, 256))
    ? { text: decodeForm(value), encoding: 'url' }
    : { text: decodeBase64(value), encoding: 'base64' };
}

/**
 * Extracts the document from a body of mod_json_cdr or mod_xml_cdr, whatever their `encode` setting, also
 * after a servlet merged query and body into one form. Ignores the Content-Type, which is not reliable.
 * Returns null if the body has no document.
 */
export function unwrapBody(body: string): Unwrapped | null {
  if (startsDocument(body)) return { text: body, encoding: 'raw', uuid: null };
  const head = body.slice(0, FORM_HEAD_CHARS);
  const uuid = formUuid(head);
  const field = /(?:^|&)\s*cdr=/.exec(head);
  if (field) return { ...unwrapValue(body, field.index + field[0].length), uuid };
  return /^\s*%(?:3C|7B)/i.test(head) ? { text: decodeForm(body), encoding: 'url', uuid } : null;
}
