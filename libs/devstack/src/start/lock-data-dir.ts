import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTimeOf } from '../process/process-identity.ts';

export class DataDirInUseError extends Error {}

/**
 * Locks the data folder, for one stack at a time, and returns how to unlock it. A lock is stale if its
 * process has ended or its pid was reused.
 * @throws DataDirInUseError if another stack holds the lock.
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
  throw new Error(`Another start is locking ${dataDir}. Try again.`);
}

/** link(2), unlike O_EXCL, creates the lock with its content: no reader sees an incomplete one. */
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
  const content = await readFile(file, 'utf8').catch(() => null);
  if (content === null) return;
  const [pid, startTime] = content.split('\n');
  if ((await startTimeOf(Number(pid))) === startTime) {
    throw new DataDirInUseError(
      `Another OrionTel (process ${pid}) is running on ${dataDir}. ` +
        'Stop it, or set DATA_DIR to another folder and choose another PORT.',
    );
  }
  // Several starts may find the same stale lock: if the moved file is a new lock instead, it is restored.
  const aside = `${file}.stale-${process.pid}`;
  await rename(file, aside).catch(() => {});
  if ((await readFile(aside, 'utf8').catch(() => content)) !== content) await tryLink(aside, file);
  await rm(aside, { force: true });
}

async function unlock(file: string, ours: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => null)) === ours) await rm(file, { force: true });
}
