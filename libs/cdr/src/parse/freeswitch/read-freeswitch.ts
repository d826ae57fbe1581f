import type { LegFacts } from '../call-leg.ts';
import { readFacts, type Format } from './facts.ts';
import { parseFreeswitchJson } from './json.ts';
import { cleanText } from './tree.ts';
import { parseFreeswitchXml } from './xml.ts';
import { unwrapBody, type Unwrapped } from './unwrap-body.ts';

export { isFreeswitch } from './recognize-freeswitch.ts';

export type FreeswitchReading =
  { ok: true; format: Format; facts: LegFacts } | { ok: false; reason: string; callId: string | null };

/** About a hundred long CDRs. */
const MAX_DOCUMENT_CHARS = 2 * 1024 * 1024;
/** Leaves room for a document that is percent-encoded twice. */
const MAX_BODY_CHARS = 8 * MAX_DOCUMENT_CHARS;

const TOO_LONG = 'the document is longer than 2 MiB; send one CDR per request, as the switch writes it';
const NO_DOCUMENT =
  'the body contains neither a JSON or XML document nor a cdr= field; send it as the switch writes it';

/** mod_xml_cdr prefixes the uuid of an a-leg with `a_`, in the URL only. */
function withoutPrefix(uuid: string | null | undefined): string | null {
  const bare = cleanText(uuid?.replace(/^a_/, '') ?? null);
  return bare !== null && bare.length < 255 ? bare : null;
}

/** The first uuid in a document that could not be parsed. */
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
 * Reads a body posted by mod_json_cdr or mod_xml_cdr. Never throws: an unreadable body has a reason that
 * states the problem and what to do, and its uuid if one was found.
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
