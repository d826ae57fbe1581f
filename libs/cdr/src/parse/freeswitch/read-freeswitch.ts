import type { LegFacts } from '../call-leg.ts';
import { readFacts, type Format } from './facts.ts';
import { parseFreeswitchJson } from './json.ts';
import { cleanText } from './tree.ts';
import { parseFreeswitchXml } from './xml.ts';
import { unwrapBody, type Unwrapped } from './unwrap-body.ts';

export { isFreeswitch } from './recognize-freeswitch.ts';

export type FreeswitchReading =
  { ok: true; format: Format; facts: LegFacts } | { ok: false; reason: string; callId: string | null };

/** A hundred times a long CDR, and that encoded twice: what is longer would only hold up the others. */
const MAX_BODY_CHARS = 16 * 1024 * 1024;
const MAX_DOCUMENT_CHARS = 2 * 1024 * 1024;

const TOO_LONG =
  'the document is longer than any CDR (2 MiB); send one CDR per request, as the switch writes it';
const NO_DOCUMENT =
  'the body holds neither a JSON or XML document nor a cdr= field; send it as the switch writes it';

/** mod_xml_cdr puts `a_` before the uuid of an a-leg, in its URL only. */
function withoutPrefix(uuid: string | null | undefined): string | null {
  const bare = cleanText(uuid?.replace(/^a_/, '') ?? null);
  return bare !== null && bare.length < 255 ? bare : null;
}

/** The first uuid of a document that could not be parsed, to find the call by. */
function guessCallId(text: string): string | null {
  const head = text.slice(0, 262_144);
  const uuid = /"uuid"\s*:\s*"([^"\\]{1,254})"/.exec(head) ?? /<uuid>([^<&]{1,254})<\/uuid>/.exec(head);
  return cleanText(uuid?.[1] ?? null);
}

function readDocument({ text, encoding }: Unwrapped, fallbackId: string | null): FreeswitchReading {
  const document = text.replace(/^[\s\uFEFF]+/, '');
  const format: Format = document.startsWith('<') ? 'mod_xml_cdr' : 'mod_json_cdr';
  if (document.length > MAX_DOCUMENT_CHARS) return { ok: false, reason: TOO_LONG, callId: fallbackId };
  const parsed =
    format === 'mod_xml_cdr' ? parseFreeswitchXml(document) : parseFreeswitchJson(document, encoding);
  const facts = parsed.ok ? readFacts(parsed.tree, format, fallbackId) : parsed.reason;
  return typeof facts === 'string'
    ? { ok: false, reason: facts, callId: fallbackId ?? guessCallId(document) }
    : { ok: true, format, facts };
}

/**
 * Reads what mod_json_cdr or mod_xml_cdr posted. Never throws: what cannot be read has a reason that names what is wrong
 * and what to do, and the uuid where one is known.
 */
export function readFreeswitch(body: string, query: { uuid?: string }): FreeswitchReading {
  const callId = withoutPrefix(query.uuid);
  if (body.length > MAX_BODY_CHARS) return { ok: false, reason: TOO_LONG, callId };
  try {
    const unwrapped = unwrapBody(body);
    if (unwrapped) return readDocument(unwrapped, callId ?? withoutPrefix(unwrapped.uuid));
    return { ok: false, reason: NO_DOCUMENT, callId };
  } catch {
    return { ok: false, reason: 'the document could not be read; send it as the switch wrote it', callId };
  }
}
