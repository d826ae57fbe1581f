import { parseFailure, type ParseResult, type Via } from './sip-response.ts';

// Sticky and without overlapping parts: each pattern continues where the last one ended, in linear time.
const PROTOCOL = /[ \t]*SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*[\w.!%*+`'~-]+[ \t]+/iy;
const SENT_BY = /(\[[\da-f:.]+\]|[\w.-]+)[ \t]*(?::[ \t]*(\d{1,5}))?[ \t]*/iy;
// A value may be an address without brackets, too: `received=2001:db8::1` (RFC 5118, 4.5).
const PARAM = /;[ \t]*([\w.!%*+`'~-]+)[ \t]*(?:=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;,"=]+))?[ \t]*/y;
const COMMA = /,/y;

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
}

/** Parses all values of one Via header line, topmost first (RFC 3261, 20.42 and 25.1). */
export function parseVias(line: string): ParseResult<Via[]> {
  let at = 0;
  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match) at = pattern.lastIndex;
    return match;
  }
  const vias: Via[] = [];
  do {
    const sentBy = take(PROTOCOL) && take(SENT_BY);
    if (!sentBy) return parseFailure('a Via without protocol or host');
    const params = new Map<string, string | null>();
    for (let param = take(PARAM); param; param = take(PARAM)) {
      const name = param[1]!.toLowerCase();
      if (params.has(name)) return parseFailure('a Via that says a parameter twice');
      params.set(name, param[2] === undefined ? null : unquote(param[2]));
    }
    vias.push({ host: sentBy[1]!, port: sentBy[2] === undefined ? null : Number(sentBy[2]), params });
  } while (take(COMMA));
  return at === line.length ? { ok: true, value: vias } : parseFailure('a Via with something behind it');
}
