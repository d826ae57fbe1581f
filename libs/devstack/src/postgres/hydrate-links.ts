import { lstat, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

type Link = { source: string; target: string };

/**
 * Creates the symbolic links between shared libraries, which an npm package cannot contain and its install
 * script (not run here) would create. Returns false if a link is missing and the folder cannot be written.
 */
export async function hydrateLinks(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Link[]) {
    // The list contains `native/lib/…`, but a copy of the folder has another name.
    const path = join(native, target.replace(/^native\//, ''));
    if (dirname(source) !== dirname(target))
      throw new Error(`Links across folders are not supported: ${target}`);
    if (await lstat(path).catch(() => null)) continue;
    try {
      await symlink(basename(source), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      throw error;
    }
  }
  return true;
}
