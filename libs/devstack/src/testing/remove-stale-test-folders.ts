import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { startTimeOf } from '../process/process-identity.ts';
import { stopStale } from '../postgres/stop-stale.ts';

export const testFolderPrefix = 'oriontel-test-';

/** Records the owner of a temporary folder, so that a later run can detect that it was killed. */
export async function writeOwnerFile(folder: string): Promise<void> {
  await writeFile(join(folder, 'owner'), `${process.pid}\n${await startTimeOf(process.pid)}\n`);
}

/** Stops the servers and removes the folders of killed test runs of the current user. */
export async function removeStaleTestFolders(log: Log): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(testFolderPrefix) || !(await isStaleTestFolder(folder))) continue;
    await stopStale(join(folder, 'postgres', 'data'), log);
    await rm(folder, { recursive: true, force: true });
  }
}

async function isStaleTestFolder(folder: string): Promise<boolean> {
  try {
    if ((await stat(folder)).uid !== process.geteuid?.()) return false;
    const [pid, startTime] = (await readFile(join(folder, 'owner'), 'utf8')).split('\n');
    return (await startTimeOf(Number(pid))) !== startTime;
  } catch {
    return false;
  }
}
