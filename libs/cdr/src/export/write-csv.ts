/** What a spreadsheet takes for a formula, also where it takes another character than the comma for the end of a cell. */
const FORMULA_AT_START = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;
const FORMULA_BEHIND_SEPARATOR = /([;\t\r\n])(?=\s*[=+\-@＝＋－＠])/g;

/** E.164: a formula that can only be a number, and no use to anyone with an apostrophe before it. */
const NUMBER = /^\+\d{1,15}$/;

/** An apostrophe before whatever a spreadsheet would work out (OWASP, CSV injection). */
const guard = (text: string): string => {
  if (NUMBER.test(text)) return text;
  const guarded = text.replace(FORMULA_BEHIND_SEPARATOR, "$1'");
  return FORMULA_AT_START.test(guarded) ? `'${guarded}` : guarded;
};

const MUST_BE_QUOTED = /[",;\t\r\n]|^\s|\s$/;

const writeCell = (value: string | number | null): string => {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = guard(value);
  return MUST_BE_QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line of CSV (RFC 4180) with its CRLF; null is an empty cell. Safe to open in a spreadsheet. */
export const writeCsvLine = (cells: (string | number | null)[]): string =>
  `${cells.map(writeCell).join(',')}\r\n`;
