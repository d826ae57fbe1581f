import { expect, test } from 'vitest';
import { writeCsv } from './write-csv.ts';

/** A strict reader of RFC 4180, section 2. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    if (!found) throw new Error(`no CSV: ${JSON.stringify(text)}`);
    const [, quoted, plain, end] = found;
    row.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end !== ',') {
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
const roundTrip = (value: string) => readCsv(writeCsv([[value]]))[0]![0];

test('writeCsv preserves commas, quotes, line ends, other scripts and empty cells', () => {
  const cells = [
    'a,b',
    'say "hi"',
    '"',
    '""',
    'two\nlines',
    'two\r\nlines',
    'cr\ronly',
    ' edge ',
    '',
    'größe 📞',
    ',',
  ];
  const line = [...cells, 42, null, 0];
  expect(readCsv(writeCsv([line, line]))).toEqual([
    [...cells, '42', '', '0'],
    [...cells, '42', '', '0'],
  ]);
});

test.each([
  '=1+1',
  "=cmd|'/c calc'!A1",
  '+SUM(1)',
  '+1+cmd',
  '-2+3',
  '@SUM(1)',
  '\t=1',
  '\r=1',
  '\n=1',
  ' =1',
  '  @x',
  '＝1+1',
  '＋1',
  '－1',
  '＠x',
  '+',
  '-',
  '+1 415 555 1234',
  '+1415555*12',
  '+14155551234567890123',
])('writeCsv escapes the formula %j', (text) => expect(roundTrip(text)).toMatch(/^'/));

test.each(['x;=1+1', 'x;\t=1', 'x\t@y', 'a\n=1', 'a\r\n-1', 'x; +1'])(
  'writeCsv escapes %j for spreadsheets with other separators',
  (text) => {
    const cells = roundTrip(text)!.split(/[;\t\r\n]/);
    expect(cells.filter((cell) => /^\s*[=+\-@]/.test(cell))).toEqual([]);
  },
);

test.each([
  '+14155551234',
  '+442079460001',
  '1001',
  '*97',
  '#31#',
  'sip:+14155551234@example.com;user=phone',
  'anonymous',
  'NO ANSWER',
  "it's",
  '2024-01-15T10:30:00Z',
  'a=b',
  'a-b',
])('writeCsv does not change %j', (text) => expect(roundTrip(text)).toBe(text));

test.each([
  '',
  'abc',
  '+14155551234',
  'NORMAL_CLEARING',
  'a b',
  '2024-01-15T10:30:00Z',
  'x+y@example.com:5060',
])('writeCsv writes %j as it is', (text) => expect(writeCsv([[text, 1]])).toBe(`${text},1\r\n`));

test.each(['a ', 'a,b', 'ü', 'a"b', 'a;b'])('writeCsv quotes or keeps %j as csv-stringify does', (text) => {
  expect(roundTrip(text)).toBe(text);
  expect(writeCsv([[text, 1]])).toMatch(/,1\r\n$/);
});
