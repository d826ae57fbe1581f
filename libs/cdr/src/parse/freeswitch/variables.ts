import { childOf, listOf, memberOf, textOf, cleanText, type Tree } from './tree.ts';
import { percentDecode } from '../percent-decode.ts';

/** Enough for 255 characters of percent-encoded UTF-8; the rest of a longer value is ignored. */
const MAX_ENCODED_CHARS = 4096;

/** Characters that switch_url_encode always replaces (SWITCH_URL_UNSAFE in switch_utils.h), except `%`. */
const NEVER_IN_ENCODED = /[\r\n "#&+:;<=>?@[\\\]^`{|}]/;

export interface Variables {
  get(name: string): string | null;
  /** All values of an array variable (`ARRAY::a|:b` in JSON, repeated elements in XML). */
  list(name: string): string[];
}

/**
 * Whether mod_json_cdr ran with `encode-values=false`, which the document does not state: then some value
 * contains a character that the encoder would have replaced (start_stamp always has a blank and colons).
 */
function isPlain(variables: Tree): boolean {
  return Object.values(variables).some((value) => typeof value === 'string' && NEVER_IN_ENCODED.test(value));
}

function splitArray(text: string): string[] {
  return text.startsWith('ARRAY::') ? text.slice('ARRAY::'.length).split('|:') : [text];
}

/** Channel variables, percent-decoded unless they are plain. mod_xml_cdr always encodes them. */
export function readVariables(document: Tree, format: 'mod_json_cdr' | 'mod_xml_cdr'): Variables {
  const variables = childOf(document, 'variables') ?? {};
  const plain = format === 'mod_json_cdr' && isPlain(variables);
  function list(name: string): string[] {
    return listOf(memberOf(variables, name))
      .map((value) => (textOf(value) ?? '').slice(0, MAX_ENCODED_CHARS))
      .flatMap((value) => splitArray(plain ? value : percentDecode(value)))
      .flatMap((value) => cleanText(value) ?? []);
  }
  return { list, get: (name) => list(name).at(-1) ?? null };
}
