import { open, rename, stat } from 'node:fs/promises';

/** The last lines of a log, for a message about what went wrong. */
export async function lastLines(file: string, count: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - 8_192);
    const { buffer } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count).join('\n');
  } finally {
    await handle.close();
  }
}

/** Keeps a log that nobody reads from growing forever: a large one is put aside, over the one before it. */
export async function rotateLargeLog(file: string, most = 10 * 1024 * 1024): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > most) await rename(file, `${file}.1`);
}
