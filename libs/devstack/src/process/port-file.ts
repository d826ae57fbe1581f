import { readFile, writeFile } from 'node:fs/promises';

/** The port of the last start, so that URLs stay valid, then 20 ports from `firstUsual` on. */
export async function preferredPorts(file: string, firstUsual: number): Promise<number[]> {
  const last = Number(await readFile(file, 'utf8').catch(() => ''));
  const usual = Array.from({ length: 20 }, (_, index) => firstUsual + index);
  return last > 0 && last < 65_536 ? [last, ...usual] : usual;
}

export function savePort(file: string, port: number): Promise<void> {
  return writeFile(file, `${port}\n`);
}
