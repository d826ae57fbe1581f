/** The structure of a JSON text; upper bounds if the text is not valid JSON. */
export interface JsonStructure {
  /** Nested lists and objects. */
  depth: number;
  /** Lists, objects and their members. */
  values: number;
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const OPEN_LIST = '['.charCodeAt(0);
const OPEN_OBJECT = '{'.charCodeAt(0);
const CLOSE_LIST = ']'.charCodeAt(0);
const CLOSE_OBJECT = '}'.charCodeAt(0);

/**
 * Measures JSON in UTF-8 before it is parsed: 32 MiB of brackets take JSON.parse 10 s and gigabytes of
 * memory. `blocks` are the parts of one text.
 */
export function measureJson(blocks: Iterable<Uint8Array>): JsonStructure {
  let isInString = false;
  let isEscaped = false;
  let open = 0;
  let depth = 0;
  let values = 0;
  for (const block of blocks) {
    // An index is three times as fast as an iterator.
    for (let i = 0; i < block.length; i += 1) {
      const byte = block[i]!;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) {
        isInString = true;
      } else if (byte === COMMA) {
        values += 1;
      } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        values += 1;
        open += 1;
        if (open > depth) depth = open;
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        open -= 1;
      }
    }
  }
  return { depth, values };
}
