/** FreeSWITCH documents have five levels; deeper nesting is rejected as hostile. */
const MAX_DEPTH = 64;

const BARE_NUMBER = /-?(?:nan|inf(?:inity)?)\b/iy;
const QUOTE = 34;

export interface Span {
  start: number;
  end: number;
}

export interface JsonOutline {
  tooDeep: boolean;
  /** Positions of the wanted keys of the outermost object, quotes included, in order. */
  keys: (Span & { name: string })[];
  /**
   * Positions of `nan`, `-nan`, `inf` … outside strings: C's printf writes them, JSON does not allow them.
   */
  bareNumbers: Span[];
}

function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1) {
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return close + 1;
    close = text.indexOf('"', close + 1);
  }
  return text.length;
}

function isKey(text: string, end: number): boolean {
  let next = end;
  while (text.charCodeAt(next) <= 32) next++;
  return text[next] === ':';
}

function bareNumberAt(text: string, start: number): number {
  BARE_NUMBER.lastIndex = start;
  return BARE_NUMBER.test(text) ? BARE_NUMBER.lastIndex : start;
}

function depthChange(code: number): number {
  return code === 123 || code === 91 ? 1 : code === 125 || code === 93 ? -1 : 0;
}

/** n, N, i, I or a minus sign. */
function mayBeBareNumber(code: number): boolean {
  const lower = code | 32;
  return lower === 110 || lower === 105 || code === 45;
}

/**
 * Scans JSON text without parsing it: nesting depth, outermost keys and invalid numbers. Accepts a truncated
 * document. Linear in the length of the text.
 */
export function outlineJson(text: string, wanted: ReadonlySet<string>): JsonOutline {
  const outline: JsonOutline = { tooDeep: false, keys: [], bareNumbers: [] };
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    let end = at + 1;
    if (code === QUOTE) {
      end = endOfString(text, at);
      const name = depth === 1 && end - at < 32 ? text.slice(at + 1, end - 1) : '';
      if (wanted.has(name) && isKey(text, end)) outline.keys.push({ name, start: at, end });
    } else if (mayBeBareNumber(code)) {
      end = Math.max(end, bareNumberAt(text, at));
      if (end > at + 1) outline.bareNumbers.push({ start: at, end });
    } else depth += depthChange(code);
    if (depth > MAX_DEPTH) return { ...outline, tooDeep: true };
    at = end;
  }
  return outline;
}
