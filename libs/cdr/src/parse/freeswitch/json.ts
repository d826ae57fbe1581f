import { asTree, type Tree } from './tree.ts';
import { outlineJson, type JsonOutline } from './outline-json.ts';
import type { Encoding } from './unwrap-body.ts';

export type Parsed = { ok: true; tree: Tree } | { ok: false; reason: string };

/** Callflows read per document; no real call is transferred that often. */
const MAX_CALLFLOWS = 64;

const CALLFLOW = new Set(['callflow']);

/** A unique name for each repeated `callflow`: JSON.parse would keep only the last one. */
export function callflowName(index: number): string {
  return index === 0 ? 'callflow' : `callflow#${index}`;
}

function repairJson(text: string, outline: JsonOutline): string {
  const edits = [
    ...outline.bareNumbers.map((span) => ({ ...span, replacement: 'null' })),
    ...outline.keys
      .slice(0, MAX_CALLFLOWS)
      .map((span, index) => ({ ...span, replacement: `"${callflowName(index)}"` })),
  ].sort((a, b) => a.start - b.start);
  let position = 0;
  const parts: string[] = [];
  for (const { start, end, replacement } of edits) {
    parts.push(text.slice(position, start), replacement);
    position = end;
  }
  return parts.join('') + text.slice(position);
}

/** V8 reports the position of some syntax errors; for others it quotes ten characters around it. */
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
    ? `${where}: with encode=true mod_json_cdr encodes values twice and decoding them is ambiguous; ` +
        'set encode=false (or encode=base64) in json_cdr.conf.xml'
    : `${where}: it was truncated or changed in transit; resend the file that the switch logged`;
}

/** Parses a mod_json_cdr document; `nan` and `inf` become null, repeated `callflow` members are all kept. */
export function parseFreeswitchJson(text: string, encoding: Encoding): Parsed {
  const outline = outlineJson(text, CALLFLOW);
  if (outline.tooDeep)
    return { ok: false, reason: 'the document is nested too deeply; send it as mod_json_cdr writes it' };
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
