import { lstat, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

type Link = { source: string; target: string };

/**
 * Makes the links between the shared libraries that an npm package cannot carry. The package's install script would do it, but
 * install scripts do not run here. Answers false where the folder cannot be written and a link is missing.
 */
export async function hydrateLinks(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Link[]) {
    // The list says `native/lib/…`, whatever the folder is called where it was copied to.
    const path = join(native, target.replace(/^native\//, ''));
    if (dirname(source) !== dirname(target))
      throw new Error(`A link across folders is not expected: ${target}`);
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
