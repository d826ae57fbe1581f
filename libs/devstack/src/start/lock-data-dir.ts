import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTimeOf } from '../process/process-identity.ts';

export class DataDirInUseError extends Error {}

/**
 * One stack per data folder: takes the lock or throws, and answers how to give it back. A lock whose process is
 * gone (or whose number now belongs to another process) is taken over.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, 'stack.pid');
  const ours = `${process.pid}\n${await startTimeOf(process.pid)}\n`;
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, ours, { mode: 0o644 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (await tryLink(draft, file)) return () => unlock(file, ours);
      await removeStale(file, dataDir);
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw new Error(`Another start is taking ${dataDir} over at this moment.`);
}

/** link and not open with O_EXCL: the lock appears with its content, nobody reads a half-written one. */
function tryLink(draft: string, file: string): Promise<boolean> {
  return link(draft, file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

async function removeStale(file: string, dataDir: string): Promise<void> {
  const held = await readFile(file, 'utf8').catch(() => null);
  if (held === null) return;
  const [pid, birth] = held.split('\n');
  if ((await startTimeOf(Number(pid))) === birth) {
    throw new DataDirInUseError(
      `Another OrionTel (process ${pid}) is running on ${dataDir}. ` +
        'Stop it, or choose another folder by DATA_DIR and another PORT.',
    );
  }
  // Two may find the same stale lock. Who moves it away looks at what was moved, and puts a fresh one back.
  const aside = `${file}.stale-${process.pid}`;
  await rename(file, aside).catch(() => {});
  if ((await readFile(aside, 'utf8').catch(() => held)) !== held) await tryLink(aside, file);
  await rm(aside, { force: true });
}

async function unlock(file: string, ours: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => null)) === ours) await rm(file, { force: true });
}
