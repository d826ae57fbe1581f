import { asTree, type Tree } from './tree.ts';
import { outlineJson, type JsonOutline } from './outline-json.ts';
import type { Encoding } from './unwrap-body.ts';

export type Parsed = { ok: true; tree: Tree } | { ok: false; reason: string };

/** More callflows than any transferred call has. */
const MAX_CALLFLOWS = 64;

const CALLFLOW = new Set(['callflow']);

/** Every repeated `callflow` gets a name of its own: JSON.parse would keep only the last. */
export function callflowName(index: number): string {
  return index === 0 ? 'callflow' : `callflow#${index}`;
}

function repairJson(text: string, outline: JsonOutline): string {
  const edits = [
    ...outline.bareNumbers.map((span) => ({ ...span, by: 'null' })),
    ...outline.keys
      .slice(0, MAX_CALLFLOWS)
      .map((span, index) => ({ ...span, by: `"${callflowName(index)}"` })),
  ].sort((a, b) => a.start - b.start);
  let kept = 0;
  const parts: string[] = [];
  for (const { start, end, by } of edits) {
    parts.push(text.slice(kept, start), by);
    kept = end;
  }
  return parts.join('') + text.slice(kept);
}

/** V8 names the position of some errors, and of others shows ten characters around it. */
function positionOf(error: unknown, text: string): number {
  const message = error instanceof Error ? error.message : '';
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  const around = /^Unexpected token '([\s\S]*?)', (\.\.\.)?"([\s\S]*)"(?:\.\.\.)? is not valid JSON$/.exec(
    message,
  );
  if (!around) return text.length;
  const [, token = '', cut, excerpt = ''] = around;
  return Math.max(0, text.indexOf(excerpt)) + (cut ? 10 : Math.max(0, excerpt.indexOf(token)));
}

function describeSyntaxError(error: unknown, text: string, encoding: Encoding): string {
  const where = `the document is not JSON near position ${positionOf(error, text)}`;
  return encoding === 'url'
    ? `${where}: with encode=true mod_json_cdr encodes values twice and they cannot be told apart once decoded; ` +
        'set encode=false (or encode=base64) in json_cdr.conf.xml'
    : `${where}: it was cut short or changed on its way; send the file the switch kept in its log directory again`;
}

/** Reads a document of mod_json_cdr, its `nan` and `inf` as null and its repeated `callflow` as several. */
export function parseFreeswitchJson(text: string, encoding: Encoding): Parsed {
  const outline = outlineJson(text, CALLFLOW);
  if (outline.tooDeep)
    return { ok: false, reason: 'the document nests deeper than any CDR; send it as mod_json_cdr writes it' };
  const repairs = outline.bareNumbers.length > 0 || outline.keys.length > 1;
  const json = repairs ? repairJson(text, outline) : text;
  try {
    const tree = asTree(JSON.parse(json));
    return tree
      ? { ok: true, tree }
      : { ok: false, reason: 'the document is not a JSON object; send it as mod_json_cdr writes it' };
  } catch (error) {
    return { ok: false, reason: describeSyntaxError(error, json, encoding) };
  }
}
