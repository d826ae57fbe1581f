import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { birthOf } from '../process/process-identity.ts';
import { stopStale } from '../postgres/stop-stale.ts';

export const testFolderPrefix = 'oriontel-test-';

/** Notes who a throw-away folder belongs to, so that a later run can tell that the owner was killed. */
export const signFolder = async (folder: string): Promise<void> =>
  writeFile(join(folder, 'owner'), `${process.pid}\n${await birthOf(process.pid)}\n`);

/** Removes the servers and folders of test runs that were killed before they could. Only our own user's. */
export const sweepLeftBehind = async (log: Log): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(testFolderPrefix) || !(await isLeftBehind(folder))) continue;
    await stopStale(join(folder, 'postgres', 'data'), log);
    await rm(folder, { recursive: true, force: true });
  }
};

const isLeftBehind = async (folder: string): Promise<boolean> => {
  try {
    if ((await stat(folder)).uid !== process.geteuid?.()) return false;
    const [pid, birth] = (await readFile(join(folder, 'owner'), 'utf8')).split('\n');
    return (await birthOf(Number(pid))) !== birth;
  } catch {
    return false;
  }
};
