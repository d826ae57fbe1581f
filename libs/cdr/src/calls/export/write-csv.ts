import { stringify } from 'csv-stringify/sync';

/**
 * Text that a spreadsheet evaluates as a formula, also if it splits cells at another separator than the
 * comma.
 */
const FORMULA_AT_START = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;
const FORMULA_AFTER_SEPARATOR = /([;\t\r\n])(?=\s*[=+\-@＝＋－＠])/g;

/** E.164: as a formula it is only a number, and an apostrophe would make it useless. */
const E164_NUMBER = /^\+\d{1,15}$/;

/** Puts an apostrophe before text that a spreadsheet would evaluate (OWASP, CSV injection). */
function escapeFormula(text: string): string {
  if (E164_NUMBER.test(text)) return text;
  const guarded = text.replace(FORMULA_AFTER_SEPARATOR, "$1'");
  return FORMULA_AT_START.test(guarded) ? `'${guarded}` : guarded;
}

const CSV_OPTIONS = {
  record_delimiter: 'windows',
  // Quotes separators of other spreadsheets, and blanks at the ends, which some remove.
  quoted_match: /[;\t\r\n]|^\s|\s$/,
  cast: { string: escapeFormula },
} as const;

/**
 * Text that needs neither quotes nor an apostrophe: most cells. csv-stringify writes the others.
 */
const PLAIN_TEXT = /^(?:[A-Za-z0-9(](?:[\w .:/@+()-]*[\w.:/@+()-])?|\+\d{1,15})?$/;

type Cell = string | number | null;

/**
 * Writes lines of CSV (RFC 4180), each ending with CRLF; null is an empty cell. Safe to open in a
 * spreadsheet.
 */
export function writeCsv(lines: Cell[][]): string {
  let text = '';
  for (const cells of lines) text += `${cells.map(writeCell).join(',')}\r\n`;
  return text;
}

function writeCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'number' || PLAIN_TEXT.test(cell)) return String(cell);
  return stringify([[cell]], { ...CSV_OPTIONS, eof: false });
}
