import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Editors write a file in several steps: changes are reported together after this pause. */
const SETTLE_MS = 40;

/**
 * Calls `onChange` with the files (paths relative to `root`) that changed in these folders. Calls do not
 * overlap. One watcher per folder: it also notices files that are replaced by a rename, as many editors save
 * them.
 */
export async function watchSources(
  root: string,
  folders: string[],
  onChange: (files: Set<string>) => Promise<void>,
): Promise<void> {
  let changed = new Set<string>();
  let reporting: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const watched = new Set<string>();

  function report() {
    reporting = reporting.then(async () => {
      const files = changed;
      changed = new Set();
      if (files.size) await onChange(files);
    });
  }
  async function watchFolder(folder: string): Promise<void> {
    if (watched.has(folder)) return;
    watched.add(folder);
    const watcher = watch(folder, function noteChange(event, name) {
      if (!name) return;
      changed.add(relative(root, join(folder, name)));
      if (event === 'rename') void watchFolders(join(folder, name));
      clearTimeout(timer);
      timer = setTimeout(report, SETTLE_MS);
    });
    watcher.on('error', () => {
      watcher.close();
      watched.delete(folder);
    });
  }
  /** A folder and everything below it; ignores a path that is no folder. */
  async function watchFolders(folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
    if (!entries) return;
    await watchFolder(folder);
    for (const entry of entries) if (entry.isDirectory()) await watchFolders(join(folder, entry.name));
  }
  for (const folder of folders) await watchFolders(join(root, folder));
}
