import { stringify } from 'csv-stringify/sync';

/** What a spreadsheet takes for a formula, also where it takes another character than the comma for the end of a cell. */
const FORMULA_AT_START = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;
const FORMULA_BEHIND_SEPARATOR = /([;\t\r\n])(?=\s*[=+\-@＝＋－＠])/g;

/** E.164: a formula that can only be a number, and no use to anyone with an apostrophe before it. */
const E164_NUMBER = /^\+\d{1,15}$/;

/** An apostrophe before whatever a spreadsheet would work out (OWASP, CSV injection). */
function escapeFormula(text: string): string {
  if (E164_NUMBER.test(text)) return text;
  const guarded = text.replace(FORMULA_BEHIND_SEPARATOR, "$1'");
  return FORMULA_AT_START.test(guarded) ? `'${guarded}` : guarded;
}

const CSV_OPTIONS = {
  record_delimiter: 'windows',
  // The separators of other spreadsheets, and blanks at the edges, which some cut off.
  quoted_match: /[;\t\r\n]|^\s|\s$/,
  cast: { string: escapeFormula },
} as const;

/** Lines of CSV (RFC 4180), each with its CRLF; null is an empty cell. Safe to open in a spreadsheet. */
export function writeCsv(lines: (string | number | null)[][]): string {
  return stringify(lines, CSV_OPTIONS);
}
