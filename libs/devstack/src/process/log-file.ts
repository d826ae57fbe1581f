import { open, rename, stat } from 'node:fs/promises';

const TAIL_BYTES = 8_192;

/** The last lines of a log file, for an error message; empty if there is no file. */
export async function lastLines(file: string, count: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
  } finally {
    await handle.close();
  }
}

/** Renames a log file larger than `maxBytes` to `<file>.1`, replacing the previous one. */
export async function rotateLargeLog(file: string, maxBytes = 10 * 1024 * 1024): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxBytes) await rename(file, `${file}.1`);
}
