import { XMLParser } from 'fast-xml-parser';
import type { Parsed } from './json.ts';
import { asTree, memberOf } from './tree.ts';

/**
 * Attributes are read as members, which makes the tree the one mod_json_cdr writes. The parser is lenient on purpose:
 * a channel variable becomes an element whatever its name, so there are undeclared prefixes and numeric tags.
 * Limits on entities are left open because a document type, the only place to define one, is refused before.
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

const refuse = (reason: string): Parsed => ({ ok: false, reason });

function checkEnds(text: string): string | null {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return 'the document declares a document type; send it without';
  if (!/<cdr[\s>]/.test(text.slice(0, 65_536)))
    return 'the document has no <cdr> element; send it as mod_xml_cdr writes it';
  return /<\/cdr\s*>$/.test(text.slice(-256))
    ? null
    : 'the document does not end with </cdr>: it was cut short; send the file the switch kept in its log directory again';
}

/** Reads a document of mod_xml_cdr into the same tree as its JSON sibling. */
export function parseFreeswitchXml(text: string): Parsed {
  const flaw = checkEnds(text.trimEnd());
  if (flaw) return refuse(flaw);
  try {
    const tree = asTree(memberOf(asTree(createParser().parse(text)), 'cdr'));
    return tree
      ? { ok: true, tree }
      : refuse('the <cdr> element is empty or repeated; send one CDR per request');
  } catch {
    return refuse('the document is not well-formed XML; send it as mod_xml_cdr writes it');
  }
}
