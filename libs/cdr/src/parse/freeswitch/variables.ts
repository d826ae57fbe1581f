import { childOf, listOf, memberOf, textOf, cleanText, type Tree } from './tree.ts';
import { percentDecode } from '../percent-decode.ts';

/** Longest stretch of a value that is looked at: 255 characters of UTF-8, all percent-encoded, and some more. */
const MAX_ENCODED_CHARS = 4096;

/** What switch_url_encode never leaves alone (SWITCH_URL_UNSAFE in switch_utils.h), apart from `%` itself. */
const NEVER_IN_ENCODED = /[\r\n "#&+:;<=>?@[\\\]^`{|}]/;

export interface Variables {
  get(name: string): string | null;
  /** Every value of a variable pushed to more than once (`ARRAY::a|:b` in JSON, repeated elements in XML). */
  list(name: string): string[];
}

/**
 * mod_json_cdr leaves values alone with `encode-values=false`, and does not say so. One value that holds what the encoder
 * would have replaced is the proof (start_stamp always has a blank and colons): then a "%2B" is what somebody wrote.
 */
function isPlain(variables: Tree): boolean {
  return Object.values(variables).some((value) => typeof value === 'string' && NEVER_IN_ENCODED.test(value));
}

function splitArray(text: string): string[] {
  return text.startsWith('ARRAY::') ? text.slice('ARRAY::'.length).split('|:') : [text];
}

/** Channel variables, decoded. mod_xml_cdr always encodes them. */
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
