import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { prettyFactory } from 'pino-pretty';

export type Print = (name: string, line: string) => void;

/**
 * Formats log lines and prefixes each with the name of its process. Lines that are not JSON are printed as
 * they are.
 */
export function createPrettyPrinter(out: { write: (text: string) => unknown }, color: boolean): Print {
  const pretty = prettyFactory({
    colorize: color,
    ignore: 'pid,hostname,name',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return function printLine(name, line) {
    const label = `${name.padEnd(8)} | `;
    const text = String(pretty(line)).trimEnd();
    out.write(
      `${text
        .split('\n')
        .map((part) => label + part)
        .join('\n')}\n`,
    );
  };
}

export function forwardLines(stream: Readable, print: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => line && print(line));
}
