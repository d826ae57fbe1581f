import { XMLParser } from 'fast-xml-parser';
import type { Parsed } from './json.ts';
import { asTree, memberOf } from './tree.ts';

/**
 * Attributes become members, so the tree equals that of mod_json_cdr. The parser is lenient: channel
 * variables become elements, so names may have undeclared prefixes or be numeric. Entity expansion needs no
 * limit: a document type, the only place to define entities, is rejected before.
 */
function createParser() {
  return new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    parseAttributeValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    jPath: false,
    maxNestedTags: 64,
    processEntities: { enabled: true, maxTotalExpansions: Infinity, maxExpandedLength: Infinity },
  });
}

const reject = (reason: string): Parsed => ({ ok: false, reason });

/** A reason to reject the document before parsing it, else null. */
function findFlaw(text: string): string | null {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text))
    return 'the document declares a document type, which is not allowed; remove it';
  if (!/<cdr[\s>]/.test(text.slice(0, 65_536)))
    return 'the document has no <cdr> element; send it as mod_xml_cdr writes it';
  return /<\/cdr\s*>$/.test(text.slice(-256))
    ? null
    : 'the document does not end with </cdr>: it was truncated; resend the file that the switch logged';
}

/** Parses a mod_xml_cdr document into the same tree as its JSON equivalent. */
export function parseFreeswitchXml(text: string): Parsed {
  const flaw = findFlaw(text.trimEnd());
  if (flaw) return reject(flaw);
  try {
    const tree = asTree(memberOf(asTree(createParser().parse(text)), 'cdr'));
    return tree
      ? { ok: true, tree }
      : reject('the <cdr> element is empty or repeated; send one CDR per request');
  } catch {
    return reject('the document is not well-formed XML; send it as mod_xml_cdr writes it');
  }
}
